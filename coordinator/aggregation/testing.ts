import type { NamedSettings } from "../../core/plan.ts";
import { gaussian } from "../../core/random/gaussian.ts";
import type { Random } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import { wasmKernels } from "../../core/vector/kernels/wasm-kernels.ts";
import type { Engine, RowSource, Rows } from "./engine/engine.ts";
import { inlineEngine } from "./engine/inline-engine.ts";
import { measure } from "./geometry.ts";
import { type Aggregate, type AggregationInput, aggregate, distancePathOf, type Pipeline } from "./pipeline.ts";
import { preAggregatorOf, ruleOf } from "./registry.ts";
import type { Geometry, ReferenceName } from "./rule.ts";

/** Aggregations written down in one line each. */
export interface Setup {
  readonly rule: NamedSettings | string;
  readonly preAggregators?: readonly (NamedSettings | string)[];
  readonly numByzantine?: number;
  readonly weights?: readonly number[];
  readonly clipNorm?: number;
  readonly distancePath?: DistancePath;
  readonly references?: Partial<Readonly<Record<ReferenceName, Float32Array>>>;
  readonly memory?: {
    readonly vectors: ReadonlyMap<string, Float32Array>;
    readonly numbers: Readonly<Record<string, readonly number[]>>;
  };
  readonly seed?: number;
  readonly observe?: boolean;
  readonly engine?: Engine;
}

const named = (step: NamedSettings | string) => (typeof step === "string" ? { name: step } : step);

export function pipelineFor({ rule, preAggregators = [], numByzantine = 0 }: Setup): Pipeline {
  return {
    rule: ruleOf(named(rule), numByzantine),
    preAggregators: preAggregators.map((step) => preAggregatorOf(named(step), numByzantine)),
  };
}

/** The aggregate of vectors held in memory. @throws INFEASIBLE_RULE */
export async function aggregateOf(vectors: readonly Float32Array[], setup: Setup): Promise<Aggregate> {
  return aggregate(inputOf(vectors, setup));
}

export function inputOf(vectors: readonly Float32Array[], setup: Setup): AggregationInput {
  const { references = {}, memory, clipNorm } = setup;
  const pipeline = pipelineFor(setup);
  const norms = vectors.map((vector) => Math.hypot(...vector));
  return {
    engine: setup.engine ?? testEngine,
    pipeline,
    rows: vectors.map(sourceOf),
    clientIds: vectors.map((_, i) => `client-${i + 1}`),
    references: new Map(Object.entries(references).map(([name, x]) => [name as ReferenceName, sourceOf(x)])),
    memory: {
      vectors: new Map([...(memory?.vectors ?? [])].map(([name, x]) => [name, sourceOf(x)])),
      numbers: memory?.numbers ?? {},
    },
    numCoordinates: vectors[0]?.length ?? 0,
    weights: Float64Array.from(vectors, (_, i) => setup.weights?.[i] ?? 1),
    distancePath: setup.distancePath ?? distancePathOf(pipeline, norms),
    seed: new Uint8Array(32).fill(setup.seed ?? 0),
    observe: setup.observe ? "everything" : "nothing",
    ...(clipNorm !== undefined && { clipNorm }),
  };
}

export const testEngine: Engine = inlineEngine({ kernels: wasmKernels() });

/** Both matrices of the vectors, measured by the engine. */
export function geometryOf(vectors: readonly Float32Array[], path: DistancePath = "exact"): Promise<Geometry> {
  return measure(testEngine, rowsOf(vectors), {
    path,
    innerProducts: true,
    betweenUpdates: true,
    numUpdates: vectors.length,
  });
}

export function sourceOf(vector: Float32Array): RowSource {
  return { kind: "memory", values: vector };
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
