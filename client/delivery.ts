import type { Logger } from "pino";
import { isRefusal, type Refusal, refuse } from "../core/errors.ts";
import type { SignedReceipt } from "../core/statements.ts";
import type { SignedUpdate } from "../core/update.ts";
import type { Connection } from "./connection.ts";
import type { CoordinatorVerifier } from "./coordinator-verifier.ts";
import type { Outbox } from "./outbox.ts";

export interface DeliveryParts {
  readonly connection: Connection;
  readonly coordinator: CoordinatorVerifier;
  readonly outbox: Outbox;
  readonly log: Logger;
}

/**
 * Sends an update until the coordinator has answered for it, the same bytes every time. An acknowledgement that was
 * lost is not work that was lost: whenever the update may have arrived already, its receipt is asked for first.
 * Without an answer it stays in the outbox, for the next start.
 * @throws the signal's reason only
 */
export async function deliver(
  update: SignedUpdate,
  { connection, coordinator, outbox, log }: DeliveryParts,
  { mayHaveArrived, signal }: { readonly mayHaveArrived: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { updateId, header } = update;
  const about = { jobId: header.jobId, round: header.round, attempt: header.attempt, updateId };
  try {
    const answer = await answerTo(update, connection, mayHaveArrived, signal);
    if (isRefusal(answer)) {
      log.warn({ ...about, ...answer }, "the update was refused");
    } else {
      const { decision, code, logIndex } = coordinator.receipt(answer, updateId);
      log.info({ ...about, decision, code, logIndex }, "the update has its receipt");
    }
    await outbox.answered(updateId);
  } catch (error) {
    signal.throwIfAborted();
    log.error({ ...about, err: error }, "the update has no answer; it stays in the outbox");
  }
}

function answerTo(
  update: SignedUpdate,
  connection: Connection,
  mayHaveArrived: boolean,
  signal: AbortSignal,
): Promise<SignedReceipt | Refusal> {
  let askFirst = mayHaveArrived;
  return connection.request(async (session) => {
    const known = askFirst ? await session.receiptOf(update.updateId) : NEVER_SENT;
    if (!isRefusal(known) || known.refused !== NEVER_SENT.refused) return known;
    askFirst = true;
    return await session.submit(update, signal);
  }, signal);
}

const NEVER_SENT = refuse("RECEIPT_UNKNOWN", "no byte of it has left");
