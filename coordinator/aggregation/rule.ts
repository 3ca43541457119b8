/**
 * Every defence is a matrix: a pre-aggregator mixes rows, a rule weighs rows or works column by column.
 * Rules are pure functions on the round's geometry; the d-sized work is in core/vector/kernels.
 */

/**
 * Squared distances D and inner products G between rows, row-major float64, `numRows` x `numRows`.
 * Row 0 is the origin (zero vector), rows 1..numUpdates the updates by client id, the rest references.
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

/** A column kernel: what happens to the m values of one coordinate. */
export type ColumnKernel =
  | { readonly kernel: "median" }
  /** Mean of what is left after `trim` smallest and `trim` largest. */
  | { readonly kernel: "trimmedMean"; readonly trim: number };

interface RuleBase {
  readonly name: string;
  /** Whether the rule can hold with n rows (after pre-aggregation). */
  feasible(n: number): boolean;
  /** What `feasible` asks, in words, for the refusal. */
  readonly requirement: string;
  /** L2 sensitivity to replacing one of n rows of norm at most clipNorm by another, n fixed (docs/privacy.md). */
  sensitivity(n: number, clipNorm: number): number;
  /**
   * Whether central noise may be scaled to that sensitivity. Such a rule moves at most half as far when a row is
   * replaced by zero.
   */
  readonly carriesCentralNoise: boolean;
  /** Whether capped weights reach this rule; elsewhere the plan refuses them. */
  readonly weighted: boolean;
}

export interface CombiningRule extends RuleBase {
  readonly kind: "combine";
  /** Coefficients over all numRows rows; the aggregate is their weighted sum. `weights` has numUpdates entries. */
  combine(geometry: Geometry, weights: Float64Array): Float64Array;
}

/** Weighs the updates without looking at them, so that the pass over the data that measures them is saved. */
export interface AveragingRule extends RuleBase {
  readonly kind: "average";
  /** Coefficients over the updates; `weights` has one entry for each. */
  average(weights: Float64Array): Float64Array;
}

export interface ColumnRule extends RuleBase {
  readonly kind: "column";
  readonly column: ColumnKernel;
}

export type Rule = AveragingRule | CombiningRule | ColumnRule;

export interface PreAggregator {
  readonly name: string;
  feasible(n: number): boolean;
  readonly requirement: string;
  /** Rows that come out of n, known before the run, so that the rule is checked for what it will get. */
  numOutputs(n: number): number;
  mix(geometry: Geometry): Mixing;
}

/** Reads coordinates [start, start + length) of one update. `into` is filled and must not be kept. */
export interface RowSource {
  read(start: number, into: Float32Array): Promise<void>;
}
