import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { refuse } from "../../core/errors.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { UpdateHeader } from "../../core/update.ts";
import type { AttackKnowing } from "./attack.ts";
import { submittingBy } from "./submitting.ts";

/** Dropout: the client takes a task and its update never leaves, in a share of the rounds; each time they wait for it. */
export function dropout({ rate }: { readonly rate: number }): AttackKnowing<"none"> {
  return {
    knows: "none",
    transport: (honest) =>
      submittingBy(honest, (submit) => async (update, until) => {
        return isDropped(update.header, rate) ? refuse("ROUND_NOT_OPEN", "never sent") : submit(update, until);
      }),
  };
}

/** The same whenever the round is run again, over whatever session. */
function isDropped({ planSha256, round, attempt, clientId }: UpdateHeader, rate: number): boolean {
  return seededRandom(sha256Bytes(`dropout ${planSha256} ${round} ${attempt} ${clientId}`)).uniform() < rate;
}
