import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";
import { MAX_PAIRED_ROWS } from "../../core/vector/kernels/layout.ts";
import type { DistancePath, PairSums } from "../../core/vector/kernels/pairwise.ts";
import { type Engine, MAX_ROWS, type RowSource } from "./engine/engine.ts";
import { composed, withReferences } from "./mixing.ts";
import { type Observations, observe, observes } from "./observations.ts";
import { outcomeOf } from "./outcome.ts";
import { preAggregatorOf, ruleOf } from "./registry.ts";
import type { Remembered } from "./remembering.ts";
import { roundRows } from "./round-rows.ts";
import type { Mixing, Needs, PreAggregator, ReferenceName, Rule } from "./rule.ts";
import { type RuleMemory, streamOf } from "./rule-input.ts";

export type { Observations } from "./observations.ts";
export type { RuleMemory } from "./rule-input.ts";

/** Pre-aggregators, applied from left to right, and the rule that has the last word. */
export interface Pipeline {
  readonly preAggregators: readonly PreAggregator[];
  readonly rule: Rule;
}

/** What a plan says of a pipeline. */
export type PipelineSettings = Pick<Plan["aggregation"], "preAggregators" | "rule" | "numByzantine" | "weights">;

/** @throws RULE_UNKNOWN, PLAN_INVALID */
export function pipelineOf(settings: PipelineSettings): Pipeline {
  const { numByzantine, weights } = settings;
  const rule = ruleOf(settings.rule, numByzantine);
  const preAggregators = settings.preAggregators.map((it) => preAggregatorOf(it, numByzantine));
  if (weights !== "uniform" && (!rule.weighted || preAggregators.length > 0)) {
    const steps = [...preAggregators, rule].map((step) => step.name).join(" + ");
    throw new FederationError("PLAN_INVALID", `aggregation.weights: ${steps} takes uniform weights only`);
  }
  const merging = preAggregators.find((step) => !step.keepsClients);
  if (needsOf(rule).memory && merging !== undefined) {
    const reason = `${rule.name} remembers every client, and ${merging.name} leaves rows that stand for none`;
    throw new FederationError("PLAN_INVALID", `aggregation.preAggregators: ${reason}`);
  }
  return { preAggregators, rule };
}

/**
 * Whether every step can hold with what the step before leaves of n updates; with their weights, once they are known,
 * where these reach the rule. No more than MAX_ROWS, and where anything is measured between updates MAX_PAIRED_ROWS.
 */
export function checkFeasible(pipeline: Pipeline, n: number, weights?: Float64Array): Refusal | undefined {
  const { preAggregators, rule } = pipeline;
  if (n > MAX_ROWS) return refuse("PANEL_TOO_LARGE", `a round has at most ${MAX_ROWS} updates; it would get ${n}`);
  if (n > MAX_PAIRED_ROWS && measuresOf(pipeline) !== "nothing") return beyondPairs(pipeline, n);
  let left = n;
  for (const step of preAggregators) {
    if (!step.feasible(left)) return infeasible(step, left);
    left = step.numOutputs(left);
  }
  const ofRule = weights && weightsFor(pipeline, weights, left);
  return rule.feasible(left, ofRule) ? undefined : infeasible(rule, left);
}

function infeasible({ name, requirement }: PreAggregator | Rule, left: number): Refusal {
  return refuse("INFEASIBLE_RULE", `${name} needs ${requirement}; it would get ${left}`);
}

function beyondPairs({ preAggregators, rule }: Pipeline, n: number): Refusal {
  const steps = [...preAggregators, rule].map((step) => step.name).join(" + ");
  const most = MAX_PAIRED_ROWS;
  return refuse("PANEL_TOO_LARGE", `${steps} compares updates in pairs, at most ${most} of them; it would get ${n}`);
}

/**
 * Which arithmetic the distances of a round need: float32 while the norms lie within a factor of 1,000 of one another
 * (beside a far outlier it loses the honest distances) and their squares within the range of float32. Whatever adds
 * distances and inner products up to smaller ones, as mixing does, needs them in float64.
 */
export function distancePathOf(pipeline: Pipeline, norms: readonly number[]): DistancePath {
  if (measuresOf(pipeline) === "geometry") return "exact";
  const least = norms.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const greatest = norms.reduce((a, b) => Math.max(a, b), 0);
  return least >= 1e-9 && greatest <= 1e18 && greatest <= 1e3 * least ? "fast" : "exact";
}

/** What a pipeline measures between its rows: nothing, squared distances, or these and inner products. */
export function measuresOf({ preAggregators, rule }: Pipeline): "nothing" | "distances" | "geometry" {
  const readers = preAggregators.length + (readsGeometry(rule) ? 1 : 0);
  if (readers === 0) return "nothing";
  // whoever reads the geometry of mixed rows reads both matrices of the rows
  const inner = readers > 1 || [...preAggregators, { needs: needsOf(rule) }].some((step) => step.needs.innerProducts);
  return inner ? "geometry" : "distances";
}

/** Whether any step reads what lies between two updates. */
function readsBetweenUpdates({ preAggregators, rule }: Pipeline): boolean {
  const ofRule = readsGeometry(rule) ? [needsOf(rule)] : [];
  return [...preAggregators.map((step) => step.needs), ...ofRule].some((needs) => needs.betweenUpdates !== false);
}

function readsGeometry(rule: Rule): boolean {
  return rule.kind === "combine" || (rule.kind === "column" && rule.selectRows !== undefined);
}

/** What the rule reads beyond squared distances. */
export function needsOf(rule: Rule): Needs {
  return rule.kind === "combine" ? rule.needs : {};
}

/** A mixed row stands for no client in particular, so mixed rows weigh the same. */
function weightsFor({ preAggregators, rule }: Pipeline, weights: Float64Array, numRows: number): Float64Array {
  return rule.weighted && preAggregators.length === 0 ? weights : new Float64Array(numRows).fill(1);
}

/**
 * What is observed: nothing; of rules that work by coordinates what their pass shows; or everything, for which the distances
 * between updates are measured even if nobody else reads them (of MAX_PAIRED_ROWS updates at most).
 */
export type Observing = "nothing" | "columns" | "everything";

export interface AggregationInput {
  readonly engine: Engine;
  readonly pipeline: Pipeline;
  /** One update each, in the order of the client ids; read several times and never written to. */
  readonly rows: readonly RowSource[];
  readonly clientIds: readonly string[];
  readonly references: ReadonlyMap<ReferenceName, RowSource>;
  readonly memory: RuleMemory;
  /** d, the length of every row. */
  readonly numCoordinates: number;
  /** One for each row; they reach rules that take weights and see the updates themselves. */
  readonly weights: Float64Array;
  /** L2 bound that every row is scaled down to before anything else; absent, rows are taken as they are. */
  readonly clipNorm?: number;
  /** Recorded with the round, so that whoever recomputes the aggregate takes the same. */
  readonly distancePath: DistancePath;
  /** 32 bytes, drawn when the round closed; every step has a stream of its own from it. */
  readonly seed: Uint8Array;
  /** Sums over the pairs of updates on that path, as far as the pipeline measures any, taken while they arrived. */
  readonly measured?: PairSums;
  readonly observe: Observing;
  readonly signal?: AbortSignal;
}

export interface Aggregate {
  /** d values. */
  readonly values: Float32Array;
  /** How much of each (clipped) update is in the values; undefined for rules that work column by column. */
  readonly coefficients: Float64Array | undefined;
  /** What the rule will remember; undefined for rules that do not. */
  readonly memory: Remembered | undefined;
  readonly observations: Observations | undefined;
  readonly remarks: readonly string[];
}

/**
 * One update out of n. A function of the input's bits alone, whatever the engine.
 *
 * @throws INFEASIBLE_RULE if a step cannot hold with so many updates or their weights; PANEL_TOO_LARGE if they are more
 *   than can be compared in pairs; NOT_FINITE if a row holds a value that is not finite, or the aggregate would; the
 *   signal's reason when it is aborted
 */
export async function aggregate(input: AggregationInput): Promise<Aggregate> {
  const { pipeline, seed } = input;
  const refusal = checkFeasible(pipeline, input.rows.length, input.weights);
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
  const observesAll = input.observe === "everything" && input.rows.length <= MAX_PAIRED_ROWS;
  const rows = await roundRows(input, {
    needs: needsOf(pipeline.rule),
    innerProducts: measuresOf(pipeline) === "geometry",
    betweenUpdates: observesAll || readsBetweenUpdates(pipeline),
  });
  const mixings: Mixing[] = [];
  let mixing: Mixing | undefined;
  for (const [step, preAggregator] of pipeline.preAggregators.entries()) {
    const next = preAggregator.mix(await rows.geometryOf(mixing), streamOf(seed, step));
    mixings.push(next);
    mixing = mixing === undefined ? next : composed(next, withReferences(mixing, rows.references.sources.length));
  }
  const weights = weightsFor(pipeline, input.weights, mixing?.numOutputs ?? input.rows.length);
  const outcome = await outcomeOf(pipeline.rule, { input, rows, mixing, weights });
  const { memory, remarks = [], perUpdate = {}, ...computed } = outcome;
  const { values, coefficients } = computed;
  const told = { values, coefficients, memory, remarks };
  if (!observes(input)) return { ...told, observations: undefined };
  const geometry = observesAll ? await rows.geometryOf(undefined) : undefined;
  const traces = { ...computed, perUpdate, mixings, mixing, geometry };
  return { ...told, observations: await observe(input.engine, rows.updates, traces) };
}
