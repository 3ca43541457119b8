import { type Digest, fromHex } from "../../core/ids.ts";
import type { CentralPrivacy } from "../../core/plan-privacy.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import { numCoordinates } from "../../core/tensors/schema.ts";
import type { AdmittedUpdate } from "../../core/update.ts";
import { diagnose, type Figures } from "../aggregation/diagnostics.ts";
import type { Engine, RowSource } from "../aggregation/engine/engine.ts";
import { type Aggregate, type AggregationInput, aggregate, type Pipeline } from "../aggregation/pipeline.ts";
import type { ReferenceName } from "../aggregation/rule.ts";
import { noiseInputs } from "../privacy/ledger.ts";
import type { NoiseAhead } from "../privacy/mechanisms/noise-ahead.ts";
import { release } from "../privacy/release.ts";
import type { ServerOptimizer } from "../server-optimizers/server-optimizer.ts";
import type { InlineBlob } from "../storage/journal.ts";
import type { ArrivedRows } from "./arrived-rows.ts";
import type { NamedBlob, StoredMemory } from "./events.ts";
import type { ClosedRound, JobState } from "./job-state.ts";
import { privateRound } from "./private-round.ts";
import { referenceRows } from "./reference-rows.ts";
import type { CommittedVersion } from "./round.ts";
import { type StoredBlobs, storedRow, VectorKeeper } from "./stored-rows.ts";

/** What closing a round works with: the stored updates, the plan's machinery, and a way to charge before noise. */
export interface ClosingParts extends StoredBlobs {
  readonly pipeline: Pipeline;
  readonly engine: Engine;
  readonly optimizer: ServerOptimizer;
  readonly arrived: Pick<ArrivedRows, "taken">;
  /** Weights of the version the round started from. */
  readonly base: Float32Array;
  /** Secret of the federation from which every noise stream is derived. */
  readonly noiseMaster: Uint8Array;
  /** Prepared when the round opened, as far as it was (private-round.ts). */
  readonly noise: NoiseAhead;
  /** Aborted when the version is of no use to this process any more. */
  readonly signal: AbortSignal;
  /** The delta of the coordinator's own training, where the plan has a root dataset. */
  rootUpdate(): Promise<Float32Array | undefined>;
  /** Makes the charge durable and returns the index of the noise stream bound to these inputs. */
  charge(inputsSha256: Digest): Promise<number>;
}

export interface RoundResult {
  readonly version: CommittedVersion;
  /** What the version's own transaction has to carry. */
  readonly blobs: readonly InlineBlob[];
  readonly weights: Float32Array;
  /** In the order of the round's rows; none under central privacy. */
  readonly figures: Figures;
  readonly remarks: readonly string[];
}

/**
 * From the closed round to the next model version: aggregate, charge, add noise, step the server optimizer, store.
 * A function of the stored updates and the plan alone, so a restart in the middle ends in the same bits.
 *
 * @throws AGGREGATION_FAILED when a thread died; the signal's reason when it is aborted
 */
export async function closeRound(state: JobState, closed: ClosedRound, parts: ClosingParts): Promise<RoundResult> {
  const keeper = new VectorKeeper(state.tensorSchema, parts.blobs);
  const references = await referenceRows(state, parts, keeper);
  const summary = await summarize(state, closed, parts, references.rows);
  const next = parts.optimizer.step(parts.base, summary.delta, await optimizerMemory(state, parts));
  const version = {
    modelSha256: await parts.blobs.putTensors(state.tensorSchema, next.weights),
    releasedDeltaSha256: await keeper.keep(summary.delta),
    optimizerStateSha256: next.state && (await keeper.keep(next.state)),
    ruleMemory: await storeMemory(summary.memory, state, keeper),
    references: references.stored,
    nextClipNorm: summary.nextClipNorm,
  };
  const { figures, remarks } = summary;
  return { version, blobs: keeper.inline(), weights: next.weights, figures, remarks };
}

/** What is released of a round's updates, and what the rule and the operator are told. */
interface Summary extends Pick<RoundResult, "figures" | "remarks"> {
  readonly delta: Float32Array;
  readonly memory: Aggregate["memory"];
  readonly nextClipNorm: number | undefined;
}

async function summarize(
  state: JobState,
  closed: ClosedRound,
  parts: ClosingParts,
  references: ReadonlyMap<ReferenceName, RowSource>,
): Promise<Summary> {
  const { privacy, aggregation } = state.plan;
  const rows = rowsByClient(closed, privacy.mode === "central");
  const { sources, measured } = await rowSources(rows, closed, parts);
  const input = await aggregationInput(state, closed, parts, { rows, sources, references });
  if (privacy.mode === "central") return summarizePrivately(state, closed, parts, { privacy, input });
  const aggregated = await aggregate({ ...input, observe: "everything", ...(measured !== undefined && { measured }) });
  const { values, memory, observations, remarks } = aggregated;
  const figures = observations === undefined ? {} : diagnose(observations, aggregation.numByzantine);
  return { delta: values, memory, nextClipNorm: undefined, figures, remarks };
}

/** Charge first, then noise. What single updates look like is what central privacy hides: there are no figures. */
async function summarizePrivately(
  state: JobState,
  closed: ClosedRound,
  parts: ClosingParts,
  { privacy, input }: { readonly privacy: CentralPrivacy; readonly input: Omit<AggregationInput, "observe"> },
): Promise<Summary> {
  const round = privateRound(state, privacy, closed, parts);
  const payloads = closed.rows.map((row) => row.payloadSha256);
  const inputsSha256 = noiseInputs(payloads, round.clipNorm, privacy.noiseMultiplier);
  const charge = () => parts.charge(inputsSha256);
  const { values, nextClipNorm } = await release({ round, aggregation: input, noise: parts.noise, charge });
  return { delta: values, memory: undefined, nextClipNorm, figures: {}, remarks: [] };
}

async function aggregationInput(
  state: JobState,
  { distancePath, seed }: ClosedRound,
  parts: ClosingParts,
  given: {
    readonly rows: readonly Row[];
    readonly sources: readonly RowSource[];
    readonly references: ReadonlyMap<ReferenceName, RowSource>;
  },
): Promise<Omit<AggregationInput, "observe">> {
  const { pipeline, engine, signal } = parts;
  const { rows, sources, references } = given;
  return {
    engine,
    pipeline,
    rows: sources,
    clientIds: rows.map((row) => row.clientId),
    references,
    memory: await memoryRows(state, parts),
    numCoordinates: numCoordinates(state.tensorSchema),
    weights: Float64Array.from(rows, (row) => row.update?.weight ?? 1),
    distancePath,
    seed: fromHex(seed),
    signal,
  };
}

interface Row {
  readonly clientId: string;
  /** Undefined is the zero vector. */
  readonly update: AdmittedUpdate | undefined;
}

/** Row order is client id order. Under central privacy n is fixed: an absentee is the zero vector. */
function rowsByClient({ rows, absent }: ClosedRound, zeroForAbsent: boolean): Row[] {
  const answered = rows.map((update) => ({ clientId: update.clientId, update }));
  const missing = zeroForAbsent ? absent.map((clientId) => ({ clientId, update: undefined })) : [];
  return [...answered, ...missing].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
}

/** As they arrived, with the distances measured meanwhile; those that did not arrive in this process from their files. */
async function rowSources(rows: readonly Row[], { distancePath }: ClosedRound, parts: ClosingParts) {
  const updates = rows.flatMap((row) => row.update ?? []);
  const taken = await parts.arrived.taken(updates, distancePath);
  const sourceOf = new Map(updates.map((update, i) => [update, taken.sources[i]]));
  const sources = rows.map(async ({ update }): Promise<RowSource> => {
    if (update === undefined) return { kind: "zero" };
    return sourceOf.get(update) ?? storedRow(update.payloadSha256, parts);
  });
  const isWhole = updates.length === rows.length;
  return { sources: await Promise.all(sources), measured: isWhole ? taken.measured : undefined };
}

async function memoryRows({ ruleMemory }: JobState, parts: ClosingParts) {
  const vectors = new Map<string, RowSource>();
  for (const { name, sha256 } of ruleMemory?.vectors ?? []) vectors.set(name, await storedRow(sha256, parts));
  return { vectors, numbers: ruleMemory?.numbers ?? {} };
}

async function storeMemory(
  memory: Aggregate["memory"],
  { ruleMemory }: JobState,
  keeper: VectorKeeper,
): Promise<StoredMemory | undefined> {
  if (memory === undefined) return undefined;
  const before = new Map((ruleMemory?.vectors ?? []).map((it) => [it.name, it.sha256]));
  const vectors: NamedBlob[] = [...memory.kept].map(([name, same]) => ({ name, sha256: before.get(same) as Digest }));
  for await (const [name, values] of memory.vectors()) vectors.push({ name, sha256: await keeper.keep(values) });
  return { vectors, numbers: memory.numbers };
}

async function optimizerMemory({ optimizerStateSha256: digest }: JobState, { journal, blobs }: ClosingParts) {
  return digest && floatsOf(journal.inlineBlob(digest) ?? (await blobs.read(digest)));
}
