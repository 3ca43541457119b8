import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import { byColumn, sumOfRows } from "./apply.ts";
import { clipRows } from "./clipping.ts";
import { measure, mixGeometry } from "./geometry.ts";
import { composed, throughMixing } from "./mixing.ts";
import { preAggregatorOf, ruleOf } from "./registry.ts";
import type { RowSource, Rows } from "./rows.ts";
import type { Geometry, Mixing, PreAggregator, Rule } from "./rule.ts";

/** Pre-aggregators, applied from left to right, and the rule that has the last word. */
export interface Pipeline {
  readonly preAggregators: readonly PreAggregator[];
  readonly rule: Rule;
}

/** @throws RULE_UNKNOWN, PLAN_INVALID */
export function pipelineOf(settings: Plan["aggregation"]): Pipeline {
  const { numByzantine, weights } = settings;
  const rule = ruleOf(settings.rule, numByzantine);
  const preAggregators = settings.preAggregators.map((it) => preAggregatorOf(it, numByzantine));
  if (weights !== "uniform" && (!rule.weighted || preAggregators.length > 0)) {
    const steps = [...preAggregators, rule].map((step) => step.name).join(" + ");
    throw new FederationError("PLAN_INVALID", `aggregation.weights: ${steps} takes uniform weights only`);
  }
  return { preAggregators, rule };
}

/** Whether every step can hold with what the step before leaves of n updates. */
export function checkFeasible(pipeline: Pipeline, n: number): Refusal | undefined {
  let left = n;
  for (const step of [...pipeline.preAggregators, pipeline.rule]) {
    if (!step.feasible(left)) {
      return refuse("INFEASIBLE_RULE", `${step.name} needs ${step.requirement}; it would get ${left}`);
    }
    if ("numOutputs" in step) left = step.numOutputs(left);
  }
  return undefined;
}

/**
 * Which arithmetic the distances of a round need: float32 while the norms lie within a factor of 1,000 of one another
 * (beside a far outlier it loses the honest distances) and their squares within the range of float32.
 */
export function distancePathOf(norms: readonly number[]): DistancePath {
  const least = norms.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const greatest = norms.reduce((a, b) => Math.max(a, b), 0);
  return least >= 1e-9 && greatest <= 1e18 && greatest <= 1e3 * least ? "fast" : "exact";
}

export interface AggregationInput {
  readonly pipeline: Pipeline;
  /** One update each, in the order of the client ids; read several times and never written to. */
  readonly rows: readonly RowSource[];
  /** d, the length of every row. */
  readonly numCoordinates: number;
  /** One positive weight for each row. */
  readonly weights: Float64Array;
  /** L2 bound that every row is scaled down to before anything else; absent, rows are taken as they are. */
  readonly clipNorm?: number;
  /** Recorded with the round, so that whoever recomputes the aggregate takes the same. */
  readonly distancePath: DistancePath;
  readonly signal?: AbortSignal;
}

export interface Aggregate {
  /** d values. */
  readonly values: Float32Array;
  /** How much of each (clipped) row is in the values; undefined for rules that work column by column. */
  readonly coefficients: Float64Array | undefined;
}

/**
 * One update out of n. A function of the input's bits alone, with memory for one block of every row, and with a pause
 * between pieces so that the coordinator stays awake.
 *
 * @throws NOT_FINITE if a row holds a value that is not finite; the signal's reason when it is aborted
 */
export async function aggregate(input: AggregationInput): Promise<Aggregate> {
  const { pipeline, numCoordinates, weights, clipNorm, signal } = input;
  const given: Rows = { sources: input.rows, numCoordinates, signal };
  const rows = clipNorm === undefined ? given : await clipRows(given, clipNorm);
  const random = seededRandom(new Uint8Array(32));
  const geometryOf = geometries(rows, input.distancePath);

  let mixing: Mixing | undefined;
  for (const step of pipeline.preAggregators) {
    const next = step.mix(await geometryOf(mixing), random);
    mixing = mixing === undefined ? next : composed(next, mixing);
  }

  const { rule } = pipeline;
  if (rule.kind === "column") {
    return {
      values: await byColumn(rows, mixing, rule.column(mixing?.numOutputs ?? rows.sources.length, weights)),
      coefficients: undefined,
    };
  }
  const ofMixed =
    rule.kind === "average"
      ? rule.average(mixedWeights(weights, mixing))
      : rule
          .combine({
            geometry: await geometryOf(mixing),
            weights: mixedWeights(weights, mixing),
            clientIds: [],
            references: new Map(),
            memory: { vectors: new Map(), numbers: {} },
            signCounts: undefined,
            samples: [],
            random,
          })
          .coefficients.subarray(1);
  const coefficients = mixing === undefined ? ofMixed : throughMixing(ofMixed, mixing);
  return { values: await sumOfRows(rows, coefficients), coefficients };
}

/** The geometry of the rows, measured once and only if anyone asks, and from it that of the mixed rows. */
function geometries(rows: Rows, path: DistancePath): (mixing: Mixing | undefined) => Promise<Geometry> {
  let measured: Promise<Geometry> | undefined;
  return async (mixing) => {
    measured ??= measure(rows, path);
    return mixing === undefined ? measured : mixGeometry(await measured, mixing, rows);
  };
}

/** A mixed row stands for no client in particular, so mixed rows weigh the same. */
function mixedWeights(weights: Float64Array, mixing: Mixing | undefined): Float64Array {
  return mixing === undefined ? weights : new Float64Array(mixing.numOutputs).fill(1);
}
