import type { ColumnKernel } from "../../../core/vector/kernels/kernels.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { DistancePath } from "../../../core/vector/kernels/pairwise.ts";
import type { RowSource } from "./engine.ts";
import type { GridOptions } from "./grid-sums.ts";

/**
 * One kind of d-sized work, as plain data that a thread can be told. Weights and coefficients are over the rows. Every
 * piece writes its coordinates `into` vectors of all coordinates.
 */
export type Task =
  | {
      readonly kind: "pairs";
      readonly path: DistancePath;
      readonly innerProducts: boolean;
      readonly firstRow: number;
      /** Squared norms of the rows before the first as well. */
      readonly allNorms: boolean;
    }
  | {
      readonly kind: "weightedSums";
      readonly coefficients: readonly Float64Array[];
      readonly into: readonly Float32Array[];
    }
  | { readonly kind: "squaredNormsOfSums"; readonly weights: readonly Float64Array[] }
  | {
      readonly kind: "columns";
      readonly mixing: MixingOfRows | undefined;
      readonly kernel: ColumnKernel;
      /** Rows that the columns are made of: mixed ones, or the first. */
      readonly numRows: number;
      readonly observe: boolean;
      readonly into: Float32Array;
    }
  | ({ readonly kind: "gridSums" } & GridOptions)
  /** Of every row but the last with the last, and the squared norms of all. */
  | { readonly kind: "innerProductsWithLast" }
  | { readonly kind: "signCounts"; readonly mixing: MixingOfRows | undefined }
  /** Coordinates of the piece, ascending. */
  | { readonly kind: "sample"; readonly coordinates: Uint32Array }
  /** Of a single row, one coordinate after the other. */
  | { readonly kind: "sumOfSquares" };

/** Row-major numOutputs x number of rows. */
export interface MixingOfRows {
  readonly numOutputs: number;
  readonly values: Float64Array;
}

/** A task over the whole blocks from `firstBlock` on; the last of all blocks may be shorter. */
export interface Piece {
  readonly task: Task;
  readonly sources: readonly RowSource[];
  readonly numCoordinates: number;
  readonly firstBlock: number;
  readonly numBlocks: number;
  /** Blocks of every row that are in the kernels' memory at once. */
  readonly panelBlocks: number;
}

/** What a piece came to. Sums are never added up over blocks, so that whoever adds them adds in one order. */
export interface Part {
  readonly sums: readonly Float64Array<ArrayBuffer>[];
  readonly values: readonly Float32Array<ArrayBuffer>[];
}

/** Coordinates of the piece. */
export function lengthOf({ firstBlock, numBlocks, numCoordinates }: Piece): number {
  return Math.min(numBlocks * BLOCK_LENGTH, numCoordinates - firstBlock * BLOCK_LENGTH);
}

/** The part of ascending coordinates that lies in [from, to). */
export function coordinatesWithin(coordinates: Uint32Array, from: number, to: number): Uint32Array {
  return coordinates.subarray(firstAtLeast(coordinates, from), firstAtLeast(coordinates, to));
}

function firstAtLeast(ascending: Uint32Array, bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
