import { FederationError } from "../../core/errors.ts";
import { asDigest, toHex } from "../../core/ids.ts";
import type { BlobChunk } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import type { DownloadBlobRequest__Output as DownloadBlobRequest } from "../../proto/generated/holdfast/v1/DownloadBlobRequest.ts";
import type { ClientSession } from "../parts.ts";
import { chunksOf, chunksOfFile } from "./blob-chunks.ts";
import type { Serving } from "./serving.ts";

/** Exactly what an open task of this client names, from an offset on. */
export async function* downloadBlob(
  { sha256, offset }: DownloadBlobRequest,
  session: ClientSession,
  { parts, blob }: Serving,
): AsyncGenerator<BlobChunk> {
  const digest = asDigest(toHex(sha256));
  if (!parts.jobs.mayDownload(session, digest)) {
    throw new FederationError("BLOB_UNKNOWN", `${digest} is in no open task of ${session.clientId}`);
  }
  const source = await blob(digest);
  if (source instanceof Uint8Array) yield* chunksOf(source, offset);
  else yield* chunksOfFile(source, offset);
}
