import { openReceipt, openTask } from "../../core/crypto/statements.ts";
import type { Verifier } from "../../core/crypto/verify.ts";
import { FederationError } from "../../core/errors.ts";
import { asDigest, asFederationId, asJobId, fromHex, toHex } from "../../core/ids.ts";
import type { SignedHead, SignedReceipt } from "../../core/statements.ts";
import type { CoordinatorMessage__Output as CoordinatorMessage } from "../../proto/generated/holdfast/v1/CoordinatorMessage.ts";
import type { LogHead__Output as LogHead } from "../../proto/generated/holdfast/v1/LogHead.ts";
import type { SignedStatement__Output as SignedStatement } from "../../proto/generated/holdfast/v1/SignedStatement.ts";
import type {
  TaskKey as WireTaskKey,
  TaskKey__Output as WireTaskKeyOutput,
} from "../../proto/generated/holdfast/v1/TaskKey.ts";
import type { ControlMessage, TaskKey } from "../transport.ts";

/**
 * What the coordinator pushed, checked; undefined for kinds this version does not know.
 * @throws TASK_INVALID, MESSAGE_INVALID
 */
export function decodeControl(message: CoordinatorMessage, coordinator: Verifier): ControlMessage | undefined {
  switch (message.body) {
    case "task": {
      const { statement, signature } = present(message.task);
      return { type: "task", task: openTask(statement, signature, coordinator) };
    }
    case "cancel": {
      const { task, reason } = present(message.cancel);
      return { type: "cancel", task: decodeTaskKey(task), reason };
    }
    case "roundClosed": {
      const { task, counted, modelSha256 } = present(message.roundClosed);
      return { type: "roundClosed", task: decodeTaskKey(task), counted, modelSha256: asDigest(toHex(modelSha256)) };
    }
    case "jobEnded": {
      const { jobId, outcome, reason } = present(message.jobEnded);
      return { type: "jobEnded", jobId: asJobId(toHex(jobId)), outcome, reason };
    }
    default:
      return undefined;
  }
}

export function decodeHead({ origin, size, root, timeMs, signature }: LogHead): SignedHead {
  return {
    origin: asFederationId(toHex(origin)),
    size,
    root: asDigest(toHex(root)),
    timeMs,
    signature: toHex(signature),
  };
}

/** @throws RECEIPT_INVALID unless the coordinator signed it for this very update */
export function decodeReceipt(receipt: SignedStatement, updateId: string, coordinator: Verifier): SignedReceipt {
  const opened = openReceipt(receipt.statement, receipt.signature, coordinator);
  if (opened.statement.updateId !== updateId) {
    throw new FederationError("RECEIPT_INVALID", `a receipt of ${opened.statement.updateId} for ${updateId}`);
  }
  return opened;
}

export function encodeTaskKey({ jobId, round, attempt }: TaskKey): WireTaskKey {
  return { jobId: fromHex(jobId), round, attempt };
}

function decodeTaskKey(task: WireTaskKeyOutput | null): TaskKey {
  const { jobId, round, attempt } = present(task);
  return { jobId: asJobId(toHex(jobId)), round, attempt };
}

function present<T>(field: T | null | undefined): T {
  if (field === null || field === undefined) throw new FederationError("MESSAGE_INVALID", "a message lacks its body");
  return field;
}
