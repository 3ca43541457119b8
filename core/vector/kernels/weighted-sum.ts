import { BLOCK_LENGTH, TILE_LENGTH } from "./layout.ts";

/**
 * sum_i coefficients[i] * rows[i], into `sums`: float64 all along, rows in ascending order. A row of coefficient 0 is not
 * read. As many coordinates as `sums` holds.
 */
export function weightedSum(rows: readonly Float32Array[], coefficients: Float64Array, sums: Float64Array): void {
  sums.fill(0);
  for (const [k, row] of rows.entries()) {
    const coefficient = coefficients[k] as number;
    if (coefficient === 0) continue;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + coefficient * (row[i] as number);
  }
}

/** Squared L2 norm of a block of float64 sums (BLOCK_LENGTH of them), in the lanes and tiles of the pair kernels. */
export function squaredNormOfSums(sums: Float64Array): number {
  let total = 0;
  for (let tile = 0; tile < BLOCK_LENGTH; tile += TILE_LENGTH) {
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < TILE_LENGTH; i++) {
      const value = sums[tile + i] as number;
      lanes[i & 3] = (lanes[i & 3] as number) + value * value;
    }
    total += lanes.reduce((sum, lane) => sum + lane);
  }
  return total;
}
