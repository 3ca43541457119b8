import type { Geometry } from "../rule.ts";

/** L2 norms of the updates. */
export function updateNorms({ numUpdates, squaredDistances }: Geometry): Float64Array {
  // row 0 is the origin: its distances are the norms
  return squaredDistances.slice(1, numUpdates + 1).map(Math.sqrt);
}

/** The cosine of the angle between two rows, in [-1, 1]; 0 where one of them is zero. */
export function cosine({ numRows, innerProducts }: Geometry, a: number, b: number): number {
  return cosineOf(
    innerProducts[a * numRows + b] as number,
    innerProducts[a * numRows + a] as number,
    innerProducts[b * numRows + b] as number,
  );
}

/** The cosine from <a, b>, ||a||^2 and ||b||^2. Rounding may lift the quotient out of [-1, 1]. */
export function cosineOf(product: number, squaredA: number, squaredB: number): number {
  if (squaredA <= 0 || squaredB <= 0) return 0;
  return Math.max(-1, Math.min(1, product / (Math.sqrt(squaredA) * Math.sqrt(squaredB))));
}

/** What scales a vector of this norm down to the bound: min(1, bound / norm). */
export function clipFactor(norm: number, bound: number): number {
  return norm > bound ? bound / norm : 1;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  return ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2;
}

/** Coefficients over all rows: `weights` on the updates, 0 elsewhere. */
export function onUpdates({ numRows }: Geometry, weights: ArrayLike<number>): Float64Array {
  const coefficients = new Float64Array(numRows);
  coefficients.set(weights, 1);
  return coefficients;
}

/** The name under which a rule remembers a vector of one client. */
export function historyOf(clientId: string): string {
  return `history/${clientId}`;
}
