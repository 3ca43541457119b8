import type { Geometry } from "../rule.ts";

/**
 * Inner products of the given rows of the geometry less their weighted mean, row-major; the shares of the rows sum to
 * 1. From distances alone: with r_i = sum_j share_j D_ij and s = sum_i share_i r_i,
 * <x_i - mean, x_j - mean> = (r_i + r_j - s - D_ij)/2. The error is a few roundings of the greatest distance.
 */
export function centredGram(
  { numRows, squaredDistances }: Geometry,
  rows: readonly number[],
  shares: Float64Array,
): Float64Array {
  const n = rows.length;
  const gram = new Float64Array(n * n);
  const means = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const from = (rows[i] as number) * numRows;
    for (let j = 0; j < n; j++) {
      const distance = squaredDistances[from + (rows[j] as number)] as number;
      gram[i * n + j] = distance;
      means[i] = (means[i] as number) + (shares[j] as number) * distance;
    }
  }
  const mean = means.reduce((sum, value, i) => sum + (shares[i] as number) * value, 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      gram[i * n + j] = ((means[i] as number) + (means[j] as number) - mean - (gram[i * n + j] as number)) / 2;
    }
  }
  return gram;
}
