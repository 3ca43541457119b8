import type { Geometry } from "../rule.ts";

/**
 * ||sum_i w_i x_i||^2 for coefficients over all rows. With the origin taking what is missing to sum 0 it is -1/2 w'Dw,
 * whose rounding error grows with sum |w_i||w_j| D_ij, and w'Gw, whose error grows with (sum |w_i| ||x_i||)^2: the first
 * is accurate where rows are close to one another, the second where they are scaled down. The smaller error decides.
 */
export function squaredNorm({ numRows, squaredDistances, innerProducts }: Geometry, w: Float64Array): number {
  const support = Array.from(w.keys()).filter((i) => i > 0 && w[i] !== 0);
  const weight = (i: number) => w[i] as number;
  const rest = -support.reduce((sum, i) => sum + weight(i), 0);
  const [byDistances, byProducts] = [
    { value: 0, error: 0 },
    { value: 0, error: 0 },
  ];
  for (const i of support) {
    const toOrigin = weight(i) * rest * (squaredDistances[i] as number);
    byDistances.value -= toOrigin;
    byDistances.error += Math.abs(toOrigin);
    for (const j of support) {
      const distance = (weight(i) * weight(j) * (squaredDistances[i * numRows + j] as number)) / 2;
      byDistances.value -= distance;
      byDistances.error += Math.abs(distance);
      byProducts.value += weight(i) * weight(j) * (innerProducts[i * numRows + j] as number);
    }
    byProducts.error += Math.abs(weight(i)) * Math.sqrt(squaredDistances[i] as number);
  }
  byProducts.error *= byProducts.error;
  return Math.max(0, byDistances.error <= byProducts.error ? byDistances.value : byProducts.value);
}
