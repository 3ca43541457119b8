import type { NamedSettings } from "../../core/plan.ts";
import { gaussian } from "../../core/random/gaussian.ts";
import type { Random } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import { type Aggregate, aggregate, checkFeasible, distancePathOf, type Pipeline } from "./pipeline.ts";
import { preAggregatorOf, ruleOf } from "./registry.ts";
import type { RowSource, Rows } from "./rows.ts";

/** Aggregations written down in one line each. */
export interface Setup {
  readonly rule: NamedSettings | string;
  readonly preAggregators?: readonly string[];
  readonly numByzantine?: number;
  readonly weights?: readonly number[];
  readonly clipNorm?: number;
  readonly distancePath?: DistancePath;
}

export function pipelineFor({ rule, preAggregators = [], numByzantine = 0 }: Setup): Pipeline {
  return {
    rule: ruleOf(typeof rule === "string" ? { name: rule } : rule, numByzantine),
    preAggregators: preAggregators.map((name) => preAggregatorOf({ name }, numByzantine)),
  };
}

/** The aggregate of vectors held in memory. @throws Error where the pipeline is infeasible for so many */
export async function aggregateOf(vectors: readonly Float32Array[], setup: Setup): Promise<Aggregate> {
  const pipeline = pipelineFor(setup);
  const refusal = checkFeasible(pipeline, vectors.length);
  if (refusal !== undefined) throw new Error(refusal.detail);
  return aggregate({
    pipeline,
    rows: vectors.map(sourceOf),
    numCoordinates: vectors[0]?.length ?? 0,
    weights: Float64Array.from(vectors, (_, i) => setup.weights?.[i] ?? 1),
    distancePath: setup.distancePath ?? distancePathOf(vectors.map((vector) => Math.hypot(...vector))),
    ...(setup.clipNorm !== undefined && { clipNorm: setup.clipNorm }),
  });
}

export function sourceOf(vector: Float32Array): RowSource {
  return { read: async (start, into) => into.set(vector.subarray(start, start + into.length)) };
}

export function rowsOf(vectors: readonly Float32Array[]): Rows {
  return { sources: vectors.map(sourceOf), numCoordinates: vectors[0]?.length ?? 0, signal: undefined };
}

/** Chance that is the same in every test. */
export const chance: Random = seededRandom(new Uint8Array(32));

export function float32(...rows: readonly (readonly number[])[]): Float32Array[] {
  return rows.map((row) => Float32Array.from(row));
}

/** Independent draws from a normal distribution, the same for the same seed. */
export function normalVectors(count: number, length: number, seed: number, mean = 0, stdDev = 1): Float32Array[] {
  const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => mean + stdDev * draw()));
}
