import type { ServiceError } from "@grpc/grpc-js";
import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import { FederationError } from "../../core/errors.ts";
import type { LogLeaves__Output as LogLeaves } from "../../proto/generated/holdfast/v1/LogLeaves.ts";
import type { ReadLogRequest } from "../../proto/generated/holdfast/v1/ReadLogRequest.ts";
import { errorOfCall } from "../../proto/status.ts";
import { resuming } from "./resuming.ts";
import type { SessionCalls } from "./session.ts";

/**
 * Hands on the log's first `size` leaves, or as many as the coordinator has, in order. A broken stream is continued where
 * it stopped, as long as the session stands.
 * @throws what `take` throws; MESSAGE_INVALID for more than was asked for; RATE_EXCEEDED, COORDINATOR_UNREACHABLE
 */
export async function readLog(
  calls: SessionCalls,
  size: number,
  take: (leaf: PublicLeaf) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const counted = (leaf: PublicLeaf) => {
    if (next >= size) throw new FederationError("MESSAGE_INVALID", `more than ${size} leaves`);
    take(leaf);
    next++;
  };
  await resuming(calls, signal, () => readFrom(calls, { fromIndex: next, size }, counted, signal));
}

async function readFrom(
  { stub, metadata }: SessionCalls,
  request: ReadLogRequest,
  take: (leaf: PublicLeaf) => void,
  signal: AbortSignal,
): Promise<void> {
  const call = stub.readLog(request, metadata);
  const cancel = () => call.cancel();
  signal.addEventListener("abort", cancel);
  try {
    for await (const { leaves } of call as AsyncIterable<LogLeaves>) {
      if (leaves.length === 0) throw new FederationError("MESSAGE_INVALID", "a part of the log without a leaf");
      for (const leaf of leaves) take({ publicBytes: leaf.public, sealedSha256: leaf.sealedSha256 });
    }
  } catch (error) {
    throw error instanceof FederationError ? error : errorOfCall(error as ServiceError);
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}
