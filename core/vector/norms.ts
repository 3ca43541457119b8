/**
 * The sum of squares in float64, added one by one in ascending order to `soFar`, so that cutting a vector into
 * chunks does not change a bit of the result.
 */
export function sumOfSquares(values: Float32Array, soFar = 0): number {
  let sum = soFar;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    sum += value * value;
  }
  return sum;
}

/** L2 norm in float64. */
export function norm(values: Float32Array): number {
  return Math.sqrt(sumOfSquares(values));
}

/** Whether no value is NaN or infinite. Squares of float32 cannot overflow float64, so one sum tells. */
export function isFinite32(values: Float32Array): boolean {
  return Number.isFinite(sumOfSquares(values));
}
