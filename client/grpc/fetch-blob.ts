import { createHash } from "node:crypto";
import type { ServiceError } from "@grpc/grpc-js";
import { FederationError } from "../../core/errors.ts";
import { type Digest, fromHex } from "../../core/ids.ts";
import type { BlobChunk__Output as BlobChunk } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import { errorOfCall } from "../../proto/status.ts";
import { resuming } from "./resuming.ts";
import type { SessionCalls } from "./session.ts";

/** Above it a coordinator's claim of a size is not believed: no model of this protocol is larger. */
const MAX_BLOB_BYTES = 8 * 1024 ** 3;

/**
 * A blob by its digest. A broken stream is continued where it stopped, as long as the session stands.
 * @throws BLOB_UNKNOWN; PAYLOAD_DIGEST_MISMATCH when what came is not what was asked for; COORDINATOR_UNREACHABLE
 */
export async function fetchBlob(calls: SessionCalls, digest: Digest, signal: AbortSignal): Promise<Uint8Array> {
  const blob = partialBlob();
  await resuming(calls, signal, async () => {
    const call = calls.stub.downloadBlob({ sha256: fromHex(digest), offset: blob.received }, calls.metadata);
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel);
    try {
      for await (const chunk of call) blob.take(chunk as BlobChunk);
    } catch (error) {
      throw error instanceof FederationError ? error : errorOfCall(error as ServiceError);
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
    if (!blob.isWhole()) throw new FederationError("COORDINATOR_UNREACHABLE", "the download ended early");
  });
  return blob.checked(digest);
}

/** What came so far, hashed as it came. */
function partialBlob() {
  const hash = createHash("sha256");
  let bytes: Buffer | undefined;
  let received = 0;
  return {
    get received() {
      return received;
    },
    isWhole: () => bytes !== undefined && received === bytes.length,
    take(chunk: BlobChunk): void {
      if (chunk.size > MAX_BLOB_BYTES) throw new FederationError("MESSAGE_INVALID", `a blob of ${chunk.size} bytes`);
      bytes ??= Buffer.allocUnsafeSlow(chunk.size);
      const fits = chunk.size === bytes.length && received + chunk.bytes.length <= bytes.length;
      if (chunk.offset !== received || !fits) {
        throw new FederationError("CHUNK_INVALID", `a chunk at ${chunk.offset} after ${received} of ${bytes.length}`);
      }
      hash.update(chunk.bytes);
      bytes.set(chunk.bytes, received);
      received += chunk.bytes.length;
    },
    checked(digest: Digest): Uint8Array {
      if (bytes === undefined || hash.digest("hex") !== digest) {
        throw new FederationError("PAYLOAD_DIGEST_MISMATCH", `what came is not ${digest}`);
      }
      return bytes;
    },
  };
}
