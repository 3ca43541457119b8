import { encodeHeader, updateIdOf, updateMessage } from "../../core/crypto/envelope.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { bytesOf, floatsOf } from "../../core/tensors/digest.ts";
import type { SignedUpdate } from "../../core/update.ts";
import type { AttackKnowing } from "./attack.ts";
import { kept, submittingBy } from "./submitting.ts";

/**
 * Equivocation: two updates to one task under one sequence number, both properly signed, the second with every sign
 * flipped: to count twice, or to be able to show either afterwards.
 */
export function equivocation(): AttackKnowing<"none"> {
  return {
    knows: "none",
    transport: (honest, { signer }) =>
      submittingBy(honest, (submit) => async (update, signal) => {
        const contrary = contraryOf(await kept(update), signer);
        const answer = await submit(update, signal);
        await submit(contrary, signal).catch(() => undefined);
        return answer;
      }),
  };
}

function contraryOf({ header: honest, payload }: SignedUpdate, signer: SigningKey): SignedUpdate {
  const bytes = bytesOf(floatsOf(payload.bytes ?? new Uint8Array()).map((value) => -value));
  const header = { ...honest, payloadSha256: sha256(bytes) };
  const headerBytes = encodeHeader(header);
  const signature = signer.sign(updateMessage(headerBytes));
  return { updateId: updateIdOf(headerBytes), header, headerBytes, signature, payload: { ...payload, bytes } };
}
