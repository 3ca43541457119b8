/** What is kept free of a clip norm: products of float32 round up by 2^-24 of their size, and near zero by 2^-150. */
const ROUNDING = 2 ** -22;

/** Below the least, rounding near zero is no longer small; of the largest, float32 could not hold a sum. */
const [LEAST, LARGEST] = [2 ** -100, 2 ** 100];

/**
 * By what an example's gradient is multiplied to be no longer than `clipNorm`, with as much free again for the rounding
 * of the factor; no number for a norm that is none.
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return Math.min(1, (clipNorm * (1 - 2 * ROUNDING)) / norm);
}

/**
 * Whether a gradient of this length may take part in a sum. An example that may not adds nothing, which breaks no
 * promise: of a gradient with values near the ends of float32 the factor, or its product with an error, can be so small
 * that rounding makes it a multiple of what it was.
 *
 * @param norm of the scaled gradient, measured in float64 on its float32 factors
 */
export function isClipped(norm: number, clipNorm: number): boolean {
  return norm <= clipNorm * (1 - ROUNDING) && clipNorm >= LEAST && clipNorm <= LARGEST;
}
