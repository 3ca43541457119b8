import { OPEN_POLICY, type ParticipantParts, timerWait } from "../../client/index.ts";
import { systemClock } from "../../core/clock.ts";
import { secureRandom } from "../../core/random/secure.ts";
import { memoryOutbox, noHeads, noReceipts } from "../../simulations/lab/federation/memory-client.ts";
import { silentLog } from "./federation.ts";

/** Of a participant that takes part in everything and leaves nothing on disk; who it is, and its ledger, are the test's. */
export function liveParts(): Omit<ParticipantParts, "profile" | "signer" | "transport" | "trainer" | "ledger"> {
  return {
    policy: OPEN_POLICY,
    outbox: memoryOutbox(() => undefined),
    heads: noHeads,
    receipts: noReceipts,
    clock: systemClock,
    random: secureRandom,
    wait: timerWait,
    log: silentLog,
  };
}
