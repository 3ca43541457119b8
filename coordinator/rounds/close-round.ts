import type { Digest } from "../../core/ids.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { bytesOf, floatsOf, payloadDigest } from "../../core/tensors/digest.ts";
import { numCoordinates } from "../../core/tensors/schema.ts";
import type { AdmittedUpdate } from "../../core/update.ts";
import { type Aggregate, aggregate, type Pipeline } from "../aggregation/pipeline.ts";
import { noiseInputs, noiseSeed } from "../privacy/ledger.ts";
import { addGaussianNoise, noiseStdDev } from "../privacy/mechanisms/gaussian.ts";
import type { ServerOptimizer } from "../server-optimizers/server-optimizer.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { INLINE_BYTES, type InlineBlob, type Journal } from "../storage/journal.ts";
import { memoryRowSource, type OpenRowSource, openRowSource, zeroRowSource } from "../storage/row-sources.ts";
import type { ClosedRound, JobState } from "./job-state.ts";
import type { CommittedVersion } from "./round.ts";

/** What closing a round works with: the stored updates, the plan's machinery, and a way to charge before noise. */
export interface ClosingParts {
  readonly pipeline: Pipeline;
  readonly optimizer: ServerOptimizer;
  readonly blobs: BlobStore;
  readonly journal: Pick<Journal, "inlineBlob">;
  /** Weights of the version the round started from. */
  readonly base: Float32Array;
  /** Secret of the federation from which every noise stream is derived. */
  readonly noiseMaster: Uint8Array;
  /** Makes the charge durable and returns the index of the noise stream bound to these inputs. */
  charge(inputsSha256: Digest): Promise<number>;
}

/**
 * From the closed round to the next model version: aggregate, charge, add noise, step the server optimizer, store.
 * A function of the stored updates and the plan alone, so a restart in the middle ends in the same bits.
 */
export async function closeRound(state: JobState, closed: ClosedRound, parts: ClosingParts) {
  const aggregated = await aggregateUpdates(state, closed, parts);
  const released = await release(aggregated.values, state, closed, parts);
  const next = parts.optimizer.step(parts.base, released, await optimizerMemory(state, parts));
  const stored = await store(next, released, state, parts);
  return { ...stored, weights: next.weights };
}

async function aggregateUpdates(state: JobState, closed: ClosedRound, parts: ClosingParts): Promise<Aggregate> {
  const { plan } = state;
  const rows = rowsByClient(closed, plan.privacy.mode === "central");
  const sources = await openRows(rows, state, parts);
  try {
    return await aggregate({
      pipeline: parts.pipeline,
      rows: sources,
      numCoordinates: numCoordinates(state.tensorSchema),
      weights: Float64Array.from(rows, (row) => row?.weight ?? 1),
      distancePath: closed.distancePath,
      ...(plan.privacy.mode === "central" && { clipNorm: plan.privacy.clipNorm }),
    });
  } finally {
    await Promise.all(sources.map((it) => it.close()));
  }
}

/** Row order is client id order. Under central privacy n is fixed: an absentee is the zero vector (undefined here). */
function rowsByClient(closed: ClosedRound, zeroForAbsent: boolean): (AdmittedUpdate | undefined)[] {
  if (!zeroForAbsent) return [...closed.rows];
  const byClient = new Map(closed.rows.map((row) => [row.clientId, row]));
  return [...byClient.keys(), ...closed.absent].sort().map((clientId) => byClient.get(clientId));
}

async function openRows(rows: readonly (AdmittedUpdate | undefined)[], state: JobState, parts: ClosingParts) {
  const opened: OpenRowSource[] = [];
  for (const row of rows) opened.push(await openRow(row, state, parts));
  return opened;
}

async function openRow(row: AdmittedUpdate | undefined, state: JobState, parts: ClosingParts): Promise<OpenRowSource> {
  if (row === undefined) return zeroRowSource(numCoordinates(state.tensorSchema));
  const { payloadSha256 } = row;
  const inline = parts.journal.inlineBlob(payloadSha256);
  if (inline !== undefined) return memoryRowSource(inline);
  return openRowSource(await parts.blobs.locate(payloadSha256), payloadSha256);
}

/** Charge first, then noise; without central privacy the aggregate is released as it is. */
async function release(values: Float32Array, state: JobState, closed: ClosedRound, parts: ClosingParts) {
  const { privacy } = state.plan;
  if (privacy.mode === "none") return values;
  const numRows = closed.rows.length + closed.absent.length;
  const inputs = noiseInputs(
    closed.rows.map((row) => row.payloadSha256),
    privacy.clipNorm,
    privacy.noiseMultiplier,
  );
  const noiseIndex = await parts.charge(inputs);
  const { round, attempt } = closed;
  const seed = noiseSeed(parts.noiseMaster, { jobId: state.jobId, round, attempt, noiseIndex });
  return addGaussianNoise(values, noiseStdDev(privacy, parts.pipeline, numRows), seededRandom(seed));
}

async function optimizerMemory({ optimizerStateSha256: digest }: JobState, { journal, blobs }: ClosingParts) {
  return digest && floatsOf(journal.inlineBlob(digest) ?? (await blobs.read(digest)));
}

/** The model is a file of its own; what goes with it travels in the commit's transaction when it is small. */
async function store(
  next: { readonly weights: Float32Array; readonly state: Float32Array | undefined },
  released: Float32Array,
  { tensorSchema }: JobState,
  { blobs }: ClosingParts,
): Promise<{ version: CommittedVersion; blobs: readonly InlineBlob[] }> {
  const inline: InlineBlob[] = [];
  const keep = async (values: Float32Array): Promise<Digest> => {
    if (values.byteLength > INLINE_BYTES) return blobs.putTensors(tensorSchema, values);
    const blob = { digest: payloadDigest(values), bytes: bytesOf(values) };
    inline.push(blob);
    return blob.digest;
  };
  const version = {
    modelSha256: await blobs.putTensors(tensorSchema, next.weights),
    releasedDeltaSha256: await keep(released),
    optimizerStateSha256: next.state && (await keep(next.state)),
  };
  return { version, blobs: inline };
}
