import type { Logger } from "pino";
import { FederationError, isRefusal, type Refusal, refuse } from "../core/errors.ts";
import type { UpdateId } from "../core/ids.ts";
import type { ReceiptStatement, SignedReceipt } from "../core/statements.ts";
import type { SignedUpdate } from "../core/update.ts";
import type { Connection } from "./connection.ts";
import type { CoordinatorVerifier } from "./coordinator-verifier.ts";
import type { Heads } from "./heads.ts";
import type { Outbox } from "./outbox.ts";
import type { Receipts } from "./receipts.ts";

export interface DeliveryParts {
  readonly connection: Connection;
  readonly coordinator: CoordinatorVerifier;
  readonly outbox: Outbox;
  readonly heads: Heads;
  readonly receipts: Receipts;
  readonly log: Logger;
}

/** `job unknown` is final for now only: a coordinator that has just started may resume the job and ask again. */
export type Delivery = "answered" | "unanswered" | "job unknown";

/**
 * Sends an update until the coordinator has answered for it, the same bytes every time. An acknowledgement that was
 * lost is not work that was lost: whenever the update may have arrived already, its receipt is asked for first.
 * Without an answer it stays in the outbox, for the next start.
 * @throws the signal's reason, LOG_FORKED
 */
export async function deliver(
  update: SignedUpdate,
  parts: DeliveryParts,
  { mayHaveArrived, signal }: { readonly mayHaveArrived: boolean; readonly signal: AbortSignal },
): Promise<Delivery> {
  const { connection, outbox, log } = parts;
  const { updateId, header } = update;
  const about = { jobId: header.jobId, round: header.round, attempt: header.attempt, updateId };
  try {
    const answer = await answerTo(update, connection, mayHaveArrived, signal);
    if (isRefusal(answer)) {
      log.warn({ ...about, ...answer }, "the update was refused");
      if (answer.refused === "JOB_UNKNOWN") return "job unknown";
    } else {
      const { decision, code, logIndex } = await keepReceipt(answer, updateId, parts);
      log.info({ ...about, decision, code, logIndex }, "the update has its receipt");
    }
    await outbox.answered(updateId);
    return "answered";
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FederationError && error.code === "LOG_FORKED") throw error;
    log.error({ ...about, err: error }, "the update has no answer; it stays in the outbox");
    return "unanswered";
  }
}

/** Taken down before the update is forgotten. @throws RECEIPT_INVALID, LOG_FORKED */
async function keepReceipt(
  receipt: SignedReceipt,
  updateId: UpdateId,
  { coordinator, receipts, heads }: DeliveryParts,
): Promise<ReceiptStatement> {
  const statement = coordinator.receipt(receipt, updateId);
  await receipts.keep(receipt);
  await heads.received(statement.head);
  return statement;
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
