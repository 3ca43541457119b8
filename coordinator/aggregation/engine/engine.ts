import type { RowMemory } from "../../../core/vector/kernels/in-place.ts";
import type { ColumnKernel } from "../../../core/vector/kernels/kernels.ts";
import type { DistancePath, PairSums } from "../../../core/vector/kernels/pairwise.ts";
import type { MixedGeometry } from "../mixed-geometry.ts";
import type { Combination, CombiningRule, Geometry, Mixing, RuleInput, SignCounts } from "../rule.ts";
import type { GridOptions } from "./grid-sums.ts";

/** Rows of a round at most: of every one a block is in the kernels' memory, a gibibyte for each thread. */
export const MAX_ROWS = 16_384;

/**
 * The d-sized work of a round. What comes out is a function of the rows' bits alone: neither the number of threads nor
 * where the rows lie nor when they arrived shows in it. Memory is bounded by n x panel and the vectors that are asked
 * for: one aggregate, or with it all that a rule remembers. A vector that comes out may lie in memory that threads share.
 */
export interface Engine {
  /**
   * Sums over all pairs (i, j) of rows with i <= j and j >= firstRow, and of the others squared norms if `allNorms`.
   * Without `innerProducts` their diagonal is there and the rest of them NaN.
   * @throws PANEL_TOO_LARGE beyond MAX_PAIRED_ROWS rows
   */
  pairs(rows: Rows, options: PairOptions): Promise<PairSums>;
  /**
   * One vector for each set of coefficients over the rows; rows with none are not read.
   * @throws NOT_FINITE where a sum is beyond float32
   */
  weightedSums(rows: Rows, coefficients: readonly Float64Array[]): Promise<readonly Float32Array[]>;
  /** ||sum_i w_i x_i||^2 for each w. */
  squaredNorms(rows: Rows, weights: readonly Float64Array[]): Promise<Float64Array>;
  /** A column kernel over the rows, mixed first where there is a mixing (over the origin and these rows). */
  columns(rows: Rows, options: ColumnOptions): Promise<Columns>;
  /** Of each coordinate, the sum of its values on an integer grid: exact, in grid steps. */
  gridSums(rows: Rows, options: GridOptions): Promise<Float64Array>;
  /** <x_i, vector> for each row, and what it takes to make cosines of them. */
  innerProductsWith(rows: Rows, vector: Float32Array): Promise<InnerProducts>;
  /** Of the rows, mixed first where there is a mixing. */
  signCounts(rows: Rows, mixing: Mixing | undefined): Promise<SignCounts>;
  /** Values at the given coordinates (ascending), row-major numRows x coordinates.length. */
  sample(rows: Rows, coordinates: Uint32Array): Promise<Float32Array>;
  /** L2 norms, their squares summed one by one in ascending order like norm() of core/vector. */
  norms(rows: Rows): Promise<Float64Array>;
  /** What the rule makes of it, in a thread where there are any: some rules think for seconds. */
  combine(rule: CombiningRule, input: SeededInput): Promise<Combination>;
  /** mixedGeometry(), in a thread where there are any and it takes seconds. */
  mix(geometry: Geometry, mixing: Mixing, numUpdates: number): Promise<MixedGeometry>;
  /** Memory for so many rows, where this engine reads them best; each to be filled before it is a source. */
  roomFor(numRows: number, numCoordinates: number): Room;
  close(): Promise<void>;
}

export interface Room {
  row(index: number): MemoryRow;
  /** Nobody writes to its rows any more: its memory may serve the next room. */
  close(): void;
}

/** A rule's input as plain data, its chance by the seed. */
export interface SeededInput extends Omit<RuleInput, "random"> {
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

export interface PairOptions {
  readonly path: DistancePath;
  readonly innerProducts: boolean;
  readonly firstRow?: number;
  readonly allNorms?: boolean;
}

export interface ColumnOptions {
  readonly mixing: Mixing | undefined;
  readonly kernel: ColumnKernel;
  /** Of rows that are not mixed, how many of the first make the columns; without it all. */
  readonly numPicked?: number;
  /** Whether rows are compared with what comes out of them, in the same pass. */
  readonly observe: boolean;
}

export interface Columns {
  readonly values: Float32Array;
  /** Where they are observed. */
  readonly observed: ColumnsObserved | undefined;
}

export interface ColumnsObserved {
  /** Of each (mixed) row that makes the columns, the coordinates in which it lay outside what the kernel kept. */
  readonly outside: Float64Array;
  /** Of the rows, before any mixing, with the values. */
  readonly products: InnerProducts;
}

/** On the exact path. */
export interface InnerProducts {
  readonly values: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly squaredNormOfVector: number;
}

/** The updates of a round in their order, and the references behind them, each of `numCoordinates` float32 values. */
export interface Rows {
  readonly sources: readonly RowSource[];
  readonly numCoordinates: number;
  readonly signal: AbortSignal | undefined;
}

export interface MemoryRow {
  readonly kind: "memory";
  /** On a SharedArrayBuffer it reaches a worker without being copied. */
  readonly values: Float32Array;
  /** The memory that the values lie in, where kernels can read them in place. */
  readonly memory?: RowMemory;
}

/** Little-endian float32 from byte `offset` of a file. */
export interface FileRow {
  readonly kind: "file";
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** SHA-256 of each of its blocks, one after the other, in shared memory: whatever is read of it is checked against them. */
  readonly blockDigests?: Uint8Array;
}

/** Where a row lies, as plain data that a worker thread can be told. */
export type RowSource =
  | FileRow
  | MemoryRow
  | { readonly kind: "zero" }
  /** Each value times `factor`, rounded to float32. */
  | { readonly kind: "scaled"; readonly source: RowSource; readonly factor: number };
