import type { DistancePath } from "./pairwise.ts";

/**
 * The d-sized arithmetic. Two implementations give the same bits: plain TypeScript, the oracle, and WebAssembly SIMD.
 */
export interface Kernels {
  readonly name: "plain" | "wasm";
  /** Memory for `numRows` rows of `numBlocks` blocks each and for as many mixed rows of one block as `numMixed`. */
  panel(size: PanelSize): Panel;
}

export interface PanelSize {
  readonly numRows: number;
  readonly numBlocks: number;
  /** 0 where nothing is mixed. */
  readonly numMixed: number;
}

/**
 * Sums over the pairs (i, j), i <= j, of the rows, row-major `numRows` x `numRows`; the rest is left alone. Where nobody
 * reads inner products their diagonal is enough, one squared norm for each row.
 */
export type BlockPairs = { readonly squaredDistances: Float64Array } & (
  | { readonly innerProducts: Float64Array }
  | { readonly squaredNorms: Float64Array }
);

/** What happens to the m values of one coordinate. Sums run over sorted values, in float64, and are rounded once. */
export type ColumnKernel =
  | { readonly kernel: "median" }
  /** Mean of what is left after `trim` smallest and `trim` largest. */
  | { readonly kernel: "trimmedMean"; readonly trim: number }
  /** Mean of the `keep` values nearest the median; of values equally near those of the lowest rows are kept. */
  | { readonly kernel: "meanAroundMedian"; readonly keep: number }
  /** The same around the trimmed mean. */
  | { readonly kernel: "meanAroundTrimmedMean"; readonly trim: number; readonly keep: number }
  /**
   * Where half of the weight lies on either side; the mean of two values where the border falls between them. Weights
   * are at least 0, and one is above; a part of 1e-12 of their sum counts as nothing.
   */
  | { readonly kernel: "weightedMedian"; readonly weights: Float64Array }
  /**
   * Weighted mean after taking `trimWeight` of weight off either end, less than half of the whole; a value on the border
   * keeps the rest of its weight, unless that is 1e-12 of the whole or less.
   */
  | { readonly kernel: "weightedTrimmedMean"; readonly weights: Float64Array; readonly trimWeight: number };

/**
 * A panel of rows in the kernels' own memory. Rows are filled through `row`, the last block of a vector with zeros
 * behind its end; every method looks at one block (BLOCK_LENGTH coordinates) of the first `numRows` rows.
 */
export interface Panel extends PanelSize {
  /** The memory of one row: numBlocks * BLOCK_LENGTH floats. */
  row(index: number): Float32Array;
  /** The memory of a mixed row: BLOCK_LENGTH floats. */
  mixedRow(index: number): Float32Array;
  /** Whether no value of the block is NaN or infinite. */
  isFinite(block: number, numRows: number): boolean;
  /** Sets (does not add) the sums over one block for the pairs with i <= j and j >= firstRow; the rows are finite. */
  pairs(block: number, numRows: number, firstRow: number, path: DistancePath, into: BlockPairs): void;
  /** ||row i||^2 over one block for each of the first `into.length` rows, on the exact path; sets `into`. */
  squaredNorms(block: number, into: Float64Array): void;
  /** sum_i coefficients[i] * row i in float64, rows in ascending order, rounded once; rows of coefficient 0 are skipped. */
  weightedSum(block: number, coefficients: Float64Array, into: Float32Array): void;
  /** Squared L2 norm of that sum before it is rounded, in the lanes and tiles of the pair kernels. */
  squaredNormOfSum(block: number, coefficients: Float64Array): number;
  /** Mixed rows 0..numOutputs-1 of this block: weighted sums of the first rows, `mixing` row-major numOutputs x numRows. */
  mix(block: number, mixing: Float64Array, numOutputs: number, numRows: number): void;
  /**
   * One value for each of the first `into.length` coordinates, from the rows of the block or from the mixed rows.
   * With `outside`, adds to entry i the coordinates in which row i lies outside what the kernel kept.
   */
  columns(
    source: { readonly block: number } | "mixed",
    numRows: number,
    kernel: ColumnKernel,
    into: Float32Array,
    outside?: Float64Array,
  ): void;
  /** <row i, vector> over one block for each of the first `into.length` rows, on the exact path; sets `into`. */
  innerProductsWith(block: number, vector: Float32Array, into: Float64Array): void;
  /** Adds the coordinates above and below zero among the first `length` of the block, for each row. */
  countSigns(block: number, length: number, positive: Float64Array, negative: Float64Array): void;
}
