import type { Geometry } from "../rule.ts";

/**
 * Distance of every row x_i of the geometry to the point z = sum_j c_j x_j, for coefficients over all rows that are
 * not negative and sum to 1. Two formulas give its square: (Dc)_i - c'Dc/2, with error about eps ((Dc)_i + c'Dc/2),
 * which is accurate where rows are close to one another, and G_ii - 2 (Gc)_i + c'Gc, with error about
 * eps (||x_i|| + sum_j c_j ||x_j||)^2, which is so where a huge row has a tiny coefficient. The one of the smaller
 * error counts; the first alone where inner products were not measured.
 */
export function distancesTo(geometry: Geometry, coefficients: Float64Array): Float64Array {
  const { numRows, squaredDistances, innerProducts } = geometry;
  const fromDistances = product(squaredDistances, coefficients);
  const fromProducts = product(innerProducts, coefficients);
  const spread = dot(coefficients, fromDistances) / 2;
  const squaredNorm = dot(coefficients, fromProducts);
  const norms = Float64Array.from({ length: numRows }, (_, i) => Math.sqrt(innerProducts[i * numRows + i] as number));
  const reach = dot(coefficients, norms);
  return norms.map((norm, i) => {
    const distance = fromDistances[i] as number;
    const byProducts = norm * norm - 2 * (fromProducts[i] as number) + squaredNorm;
    const better = !Number.isNaN(byProducts) && (norm + reach) ** 2 < distance + spread;
    return Math.sqrt(Math.max(0, better ? byProducts : distance - spread));
  });
}

/** A row-major square matrix times a vector, whose zeros are skipped. */
function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const result = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const factor = vector[j] as number;
    if (factor === 0) continue;
    for (let i = 0; i < n; i++) result[i] = (result[i] as number) + factor * (matrix[j * n + i] as number);
  }
  return result;
}

/** Inner product; entries at zeros of `a` are skipped. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== 0) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
