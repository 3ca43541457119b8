import { BLOCK_LENGTH, TILE_LENGTH } from "./layout.ts";

/**
 * `fast` subtracts, multiplies and adds in float32; `exact` widens every element to float64 before it subtracts.
 * Both keep four lanes, fold them in the order 0 to 3 at the end of a tile and add tiles in float64, so that the bits
 * depend on nothing but the input. Differences are taken before they are squared: |a|^2 + |b|^2 - 2ab cancels.
 */
export type DistancePath = "fast" | "exact";

/** Sums over all pairs of rows so far, row-major; only what lies on and above the diagonal is filled. */
export interface PairSums {
  readonly numRows: number;
  readonly squaredDistances: Float64Array;
  readonly innerProducts: Float64Array;
}

/** ||a - b||^2 over one block. */
export function squaredDistance(a: Float32Array, b: Float32Array, path: DistancePath): number {
  return overTiles(a, b, path === "fast" ? squaredDistance32 : squaredDistance64);
}

/** <a, b> over one block. */
export function innerProduct(a: Float32Array, b: Float32Array, path: DistancePath): number {
  return overTiles(a, b, path === "fast" ? innerProduct32 : innerProduct64);
}

function overTiles(a: Float32Array, b: Float32Array, sumOf: (a: Float32Array, b: Float32Array) => number): number {
  let total = 0;
  for (let start = 0; start < BLOCK_LENGTH; start += TILE_LENGTH) {
    const end = start + TILE_LENGTH;
    total += sumOf(a.subarray(start, end), b.subarray(start, end));
  }
  return total;
}

const { fround } = Math;

function squaredDistance32(a: Float32Array, b: Float32Array): number {
  let lane0 = fround(0);
  let lane1 = fround(0);
  let lane2 = fround(0);
  let lane3 = fround(0);
  for (let i = 0; i < TILE_LENGTH; i += 4) {
    const d0 = fround((a[i] as number) - (b[i] as number));
    const d1 = fround((a[i + 1] as number) - (b[i + 1] as number));
    const d2 = fround((a[i + 2] as number) - (b[i + 2] as number));
    const d3 = fround((a[i + 3] as number) - (b[i + 3] as number));
    lane0 = fround(lane0 + fround(d0 * d0));
    lane1 = fround(lane1 + fround(d1 * d1));
    lane2 = fround(lane2 + fround(d2 * d2));
    lane3 = fround(lane3 + fround(d3 * d3));
  }
  return lane0 + lane1 + lane2 + lane3;
}

function innerProduct32(a: Float32Array, b: Float32Array): number {
  let lane0 = fround(0);
  let lane1 = fround(0);
  let lane2 = fround(0);
  let lane3 = fround(0);
  for (let i = 0; i < TILE_LENGTH; i += 4) {
    lane0 = fround(lane0 + fround((a[i] as number) * (b[i] as number)));
    lane1 = fround(lane1 + fround((a[i + 1] as number) * (b[i + 1] as number)));
    lane2 = fround(lane2 + fround((a[i + 2] as number) * (b[i + 2] as number)));
    lane3 = fround(lane3 + fround((a[i + 3] as number) * (b[i + 3] as number)));
  }
  return lane0 + lane1 + lane2 + lane3;
}

function squaredDistance64(a: Float32Array, b: Float32Array): number {
  let lane0 = 0;
  let lane1 = 0;
  let lane2 = 0;
  let lane3 = 0;
  for (let i = 0; i < TILE_LENGTH; i += 4) {
    const d0 = (a[i] as number) - (b[i] as number);
    const d1 = (a[i + 1] as number) - (b[i + 1] as number);
    const d2 = (a[i + 2] as number) - (b[i + 2] as number);
    const d3 = (a[i + 3] as number) - (b[i + 3] as number);
    lane0 += d0 * d0;
    lane1 += d1 * d1;
    lane2 += d2 * d2;
    lane3 += d3 * d3;
  }
  return lane0 + lane1 + lane2 + lane3;
}

function innerProduct64(a: Float32Array, b: Float32Array): number {
  let lane0 = 0;
  let lane1 = 0;
  let lane2 = 0;
  let lane3 = 0;
  for (let i = 0; i < TILE_LENGTH; i += 4) {
    lane0 += (a[i] as number) * (b[i] as number);
    lane1 += (a[i + 1] as number) * (b[i + 1] as number);
    lane2 += (a[i + 2] as number) * (b[i + 2] as number);
    lane3 += (a[i + 3] as number) * (b[i + 3] as number);
  }
  return lane0 + lane1 + lane2 + lane3;
}
