import { FederationError } from "../../core/errors.ts";
import { asDigest, type Digest, type JobId, toHex } from "../../core/ids.ts";
import { safetensorsHeader } from "../../core/tensors/safetensors.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import type { BlobChunk } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import type { DownloadModelRequest__Output as DownloadModelRequest } from "../../proto/generated/holdfast/v1/DownloadModelRequest.ts";
import type { Parts } from "../parts.ts";
import type { Journal } from "../storage/journal.ts";
import { chunksOf, chunksOfFile } from "./blob-chunks.ts";

const EVENTS_AT_ONCE = 256;

/** The weights of one version as a safetensors file: the blob's file as it lies on disk, or one made of an inline blob. */
export async function* downloadModel(
  { modelSha256 }: DownloadModelRequest,
  { jobs, journal, blobs }: Parts,
): AsyncGenerator<BlobChunk> {
  const digest = asDigest(toHex(modelSha256));
  const model = jobs.models(undefined).find((it) => it.modelSha256 === digest);
  if (model === undefined) throw new FederationError("MODEL_UNKNOWN", `no model version ${digest}`);
  const inline = journal.inlineBlob(digest);
  if (inline !== undefined) {
    yield* chunksOf(Buffer.concat([safetensorsHeader(schemaOf(model.jobId, journal)), inline]), 0);
  } else {
    yield* chunksOfFile(await wholeFile(digest, blobs), 0);
  }
}

async function wholeFile(digest: Digest, blobs: Parts["blobs"]) {
  const { path, offset, sizeBytes } = await blobs.locate(digest);
  return { path, offset: 0, sizeBytes: offset + sizeBytes };
}

function schemaOf(jobId: JobId, journal: Journal): TensorSchema {
  for (let from = 0; from < journal.size; from += EVENTS_AT_ONCE) {
    for (const { event } of journal.read(from, EVENTS_AT_ONCE)) {
      if (event.type === "JobStarted" && event.jobId === jobId) return event.tensorSchema;
    }
  }
  throw new FederationError("JOURNAL_CORRUPT", `a model of job ${jobId}, which never started`);
}
