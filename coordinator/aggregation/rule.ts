/**
 * Every defence is a matrix: a pre-aggregator mixes rows, a rule weighs rows or works column by column.
 * Rules are pure functions on the round's geometry; the d-sized work is in core/vector/kernels.
 */
import type { NamedSettings } from "../../core/plan.ts";
import type { Random } from "../../core/random/random.ts";
import type { ColumnKernel } from "../../core/vector/kernels/kernels.ts";

/**
 * Squared distances D and inner products G between rows, row-major float64, `numRows` x `numRows`.
 * Row 0 is the origin (zero vector), rows 1..numUpdates the updates by client id, the rest references.
 * Off its diagonal G is NaN where no step of the pipeline declared that it reads inner products, and both are between
 * updates where no step reads what lies between them.
 */
export interface Geometry {
  readonly numUpdates: number;
  readonly numRows: number;
  readonly squaredDistances: Float64Array;
  readonly innerProducts: Float64Array;
}

/** An m x numRows mixing matrix over rows, row-major: row i of the output is sum_j M_ij x_j. */
export interface Mixing {
  readonly numOutputs: number;
  readonly numRows: number;
  readonly values: Float64Array;
}

/** A row beside the updates: the released delta of the round before, or the delta of the server's own root set. */
export type ReferenceName = "previousAggregate" | "rootUpdate";

/** What a rule reads beyond or instead of the squared distances of the updates; whatever it does not name may be missing. */
export interface Needs {
  readonly innerProducts?: boolean;
  /**
   * False where norms and what lies between updates and references are enough: then a pass is as long as n rows and not as
   * long as their pairs.
   */
  readonly betweenUpdates?: boolean;
  /** Rows after the updates, in this order. Before the first round the previous aggregate is the zero vector. */
  readonly references?: readonly ReferenceName[];
  readonly signCounts?: boolean;
  /** `numSets` seeded draws of `size` distinct coordinates (all of them where there are fewer). */
  readonly samples?: { readonly numSets: number; readonly size: number };
  /** Whether it remembers anything from round to round; then every row has to stand for one client. */
  readonly memory?: boolean;
}

/** What the rule remembered when the version was committed that this round starts from. */
export interface Memory {
  /** Row of the geometry that holds the vector of this name. */
  readonly vectors: ReadonlyMap<string, number>;
  readonly numbers: Readonly<Record<string, readonly number[]>>;
}

/** What it will remember, stored with the version that it helps to make. */
export interface NextMemory {
  /** Each vector as coefficients over all rows. */
  readonly vectors: ReadonlyMap<string, Float64Array>;
  readonly numbers: Readonly<Record<string, readonly number[]>>;
}

/** Coordinates of each update above, at and below zero, summing to d. */
export interface SignCounts {
  readonly positive: Float64Array;
  readonly zero: Float64Array;
  readonly negative: Float64Array;
}

export interface RuleInput {
  readonly geometry: Geometry;
  /** One for each update: capped weights where the plan asks for them and the rule takes them, otherwise 1. */
  readonly weights: Float64Array;
  /** Names of rows 1..numUpdates. */
  readonly clientIds: readonly string[];
  /** Row of the geometry of each reference needed. */
  readonly references: ReadonlyMap<ReferenceName, number>;
  /** Empty unless needed. */
  readonly memory: Memory;
  /** Present when needed. */
  readonly signCounts: SignCounts | undefined;
  /** Of each set, the sampled values of the updates: row-major numUpdates x size. */
  readonly samples: readonly Float32Array[];
  /** Seeded by what was drawn when the round closed. */
  readonly random: Random;
}

export interface Combination {
  /** Over all numRows rows; the aggregate is their weighted sum. */
  readonly coefficients: Float64Array;
  readonly memory?: NextMemory;
  /** What the rule saw of each update, by the name of the figure: scores, weights, clip factors. */
  readonly perUpdate?: Readonly<Record<string, Float64Array>>;
  /** What an operator has to know, such as an output that is zero because nobody was trusted. */
  readonly remarks?: readonly string[];
}

interface RuleBase {
  readonly name: string;
  /** Whether the rule can hold with n rows (after pre-aggregation); asked again with their weights once they are known. */
  feasible(n: number, weights?: Float64Array): boolean;
  /** What `feasible` asks, in words, for the refusal. */
  readonly requirement: string;
  /**
   * L2 sensitivity to replacing one of n rows of norm at most clipNorm by another, n fixed (docs/privacy.md);
   * the diameter of what can come out, or infinity, where nothing better is proven.
   */
  sensitivity(n: number, clipNorm: number): number;
  /** Whether central noise may be scaled to that sensitivity, or to the one below. */
  readonly carriesCentralNoise: boolean;
  /** L2 sensitivity to replacing a row by zero; left out where it is half of that to any other row. */
  zeroOutSensitivity?(n: number, clipNorm: number): number;
  /** Whether capped weights reach this rule; elsewhere the plan refuses them. */
  readonly weighted: boolean;
}

export interface CombiningRule extends RuleBase {
  readonly kind: "combine";
  readonly needs: Needs;
  combine(input: RuleInput): Combination;
  /** Whether it may think for seconds, trying subsets or iterating: then a thread does. */
  readonly isLong?: true;
  /** What the registry made it of, so that a thread can make the same. */
  readonly madeOf?: RuleSettings;
}

/** A rule as plain data. */
export interface RuleSettings {
  readonly settings: NamedSettings;
  readonly numByzantine: number;
}

/** Weighs the updates without looking at them, so that the pass over the data that measures them is saved. */
export interface AveragingRule extends RuleBase {
  readonly kind: "average";
  /** Coefficients over the updates; `weights` has one entry for each. */
  average(weights: Float64Array): Float64Array;
}

export interface ColumnRule extends RuleBase {
  readonly kind: "column";
  /** Rows of the geometry that the columns are made of, ascending; without it all updates, and nothing is measured. */
  selectRows?(geometry: Geometry): readonly number[];
  /** The kernel for n rows (the selected ones), `weights` having one entry for each. */
  column(n: number, weights: Float64Array): ColumnKernel;
}

export type Rule = AveragingRule | CombiningRule | ColumnRule;

export interface PreAggregator {
  readonly name: string;
  feasible(n: number): boolean;
  readonly requirement: string;
  readonly needs: Pick<Needs, "innerProducts" | "betweenUpdates">;
  /** Whether output row i still stands for the client of input row i. */
  readonly keepsClients: boolean;
  /** Rows that come out of n, known before the run, so that the rule is checked for what it will get. */
  numOutputs(n: number): number;
  /** Over all rows; mixes updates only, references pass by unchanged. */
  mix(geometry: Geometry, random: Random): Mixing;
}
