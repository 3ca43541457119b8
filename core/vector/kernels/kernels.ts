import type { ReadInPlace } from "./in-place.ts";
import type { DistancePath } from "./pairwise.ts";

/**
 * The d-sized arithmetic. Two implementations give the same bits: plain TypeScript, the oracle, and WebAssembly SIMD.
 */
export interface Kernels {
  readonly name: "plain" | "wasm";
  /** Memory for `numRows` rows of `numBlocks` blocks each and for as many mixed rows of one tile as `numMixed`. */
  panel(size: PanelSize): Panel;
  readonly inPlace: ReadInPlace;
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

/** Of mixed rows, which begin where the mixing did, or of the rows themselves from coordinate `start` on. */
export type ColumnSource = { readonly start: number } | "mixed";

/**
 * Rows that the kernels read, each zero behind its end up to a whole block (BLOCK_LENGTH coordinates). Every method looks
 * at the first `numRows` rows from coordinate `start` on: at one block, `start` being its beginning, where values are
 * added up over coordinates, and elsewhere at as many coordinates as it is told, `start` being a multiple of 16.
 */
export interface Panel extends PanelSize {
  /** The memory of one row: numBlocks * BLOCK_LENGTH floats. */
  row(index: number): Float32Array;
  /** The memory of a mixed row: TILE_LENGTH floats. */
  mixedRow(index: number): Float32Array;
  /** Whether none of `length` coordinates is NaN or infinite. */
  isFinite(start: number, length: number, numRows: number): boolean;
  /** Sets (does not add) the sums over one block for the pairs with i <= j and j >= firstRow; the rows are finite. */
  pairs(start: number, numRows: number, firstRow: number, path: DistancePath, into: BlockPairs): void;
  /** ||row i||^2 over one block for each of the first `into.length` rows; sets `into`. */
  squaredNorms(start: number, path: DistancePath, into: Float64Array): void;
  /**
   * sum_i coefficients[i] * row i in float64, rows in ascending order, rounded once, of `into.length` coordinates within
   * one block; rows of coefficient 0 are skipped.
   */
  weightedSum(start: number, coefficients: Float64Array, into: Float32Array): void;
  /** Squared L2 norm of that sum over one block before it is rounded, in the lanes and tiles of the pair kernels. */
  squaredNormOfSum(start: number, coefficients: Float64Array): number;
  /**
   * Mixed rows 0..numOutputs-1 of `length` coordinates, a tile at most: weighted sums of the first rows, `mixing` row-major
   * numOutputs x numRows.
   */
  mix(start: number, length: number, mixing: Float64Array, numOutputs: number, numRows: number): void;
  /**
   * One value for each of `into.length` coordinates. With `outside`, adds to entry i the coordinates in which row i lies
   * outside what the kernel kept.
   */
  columns(
    source: ColumnSource,
    numRows: number,
    kernel: ColumnKernel,
    into: Float32Array,
    outside?: Float64Array,
  ): void;
  /** <row i, vector> over one block for each of the first `into.length` rows, on the exact path; sets `into`. */
  innerProductsWith(start: number, vector: Float32Array, into: Float64Array): void;
  /** Adds the coordinates above and below zero among `length`, for each of the first `positive.length` rows. */
  countSigns(source: ColumnSource, length: number, positive: Float64Array, negative: Float64Array): void;
}
