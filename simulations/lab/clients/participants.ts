import pino from "pino";
import {
  memoryLedger,
  OPEN_POLICY,
  type Participant,
  participant,
  type Trainer,
  type Transport,
  timerWait,
} from "../../../client/index.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Digest } from "../../../core/ids.ts";
import { secureRandom } from "../../../core/random/secure.ts";
import type { UpdateHeader } from "../../../core/update.ts";
import type { Member } from "../federation/members.ts";
import { memoryOutbox, noHeads, noReceipts } from "../federation/memory-client.ts";

/** What all participants of a lab share. */
export interface Shared {
  readonly clock: Clock;
  /** Told once nothing more will be sent of an update. */
  readonly answered: (header: UpdateHeader) => void;
  readonly digestOf: (bytes: Uint8Array) => Digest;
}

/** The deployed participant: only its transport, its clock and its disk are the lab's. */
export function labParticipant(
  { profile, signer }: Member,
  trainer: Trainer,
  transport: Transport,
  { clock, answered, digestOf }: Shared,
): Participant {
  return participant({
    profile,
    signer,
    transport,
    trainer,
    policy: OPEN_POLICY,
    ledger: memoryLedger(),
    outbox: memoryOutbox(answered),
    heads: noHeads,
    receipts: noReceipts,
    clock,
    random: secureRandom,
    wait: timerWait,
    log: pino({ level: "silent" }),
    digestOf,
  });
}
