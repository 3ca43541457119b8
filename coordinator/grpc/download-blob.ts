import { FederationError } from "../../core/errors.ts";
import { asDigest, toHex } from "../../core/ids.ts";
import type { BlobChunk } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import type { DownloadBlobRequest__Output as DownloadBlobRequest } from "../../proto/generated/holdfast/v1/DownloadBlobRequest.ts";
import type { ClientSession, Parts } from "../parts.ts";
import { chunksOf, chunksOfFile } from "./blob-chunks.ts";

/** Exactly what an open task of this client names, from an offset on. */
export async function* downloadBlob(
  { sha256, offset }: DownloadBlobRequest,
  session: ClientSession,
  { jobs, journal, blobs }: Parts,
): AsyncGenerator<BlobChunk> {
  const digest = asDigest(toHex(sha256));
  if (!jobs.mayDownload(session, digest)) {
    throw new FederationError("BLOB_UNKNOWN", `${digest} is in no open task of ${session.clientId}`);
  }
  const inline = journal.inlineBlob(digest);
  if (inline !== undefined) yield* chunksOf(inline, offset);
  else yield* chunksOfFile(await blobs.locate(digest), offset);
}
