import { fromHex } from "../../core/ids.ts";
import type { Signed, SignedHead } from "../../core/statements.ts";
import type { CoordinatorMessage } from "../../proto/generated/holdfast/v1/CoordinatorMessage.ts";
import type { LogHead } from "../../proto/generated/holdfast/v1/LogHead.ts";
import type { SignedStatement } from "../../proto/generated/holdfast/v1/SignedStatement.ts";
import type { TaskKey } from "../../proto/generated/holdfast/v1/TaskKey.ts";
import type { AttemptKey, Push } from "../parts.ts";

export function encodeSigned({ bytes, signature }: Signed<unknown>): SignedStatement {
  return { statement: bytes, signature };
}

export function encodeHead({ origin, size, root, timeMs, signature }: SignedHead): LogHead {
  return { origin: fromHex(origin), size, root: fromHex(root), timeMs, signature: fromHex(signature) };
}

export function encodePush(push: Push): CoordinatorMessage {
  switch (push.type) {
    case "task":
      return { task: encodeSigned(push.task) };
    case "cancel":
      return { cancel: { task: encodeAttempt(push), reason: push.reason } };
    case "roundClosed": {
      const { counted, modelSha256 } = push;
      return { roundClosed: { task: encodeAttempt(push), counted, modelSha256: fromHex(modelSha256) } };
    }
    case "jobEnded":
      return { jobEnded: { jobId: fromHex(push.jobId), outcome: push.outcome, reason: push.reason } };
  }
}

function encodeAttempt({ jobId, round, attempt }: AttemptKey): TaskKey {
  return { jobId: fromHex(jobId), round, attempt };
}
