import type { DenseLayer } from "./dense-layers.ts";
import type { tf } from "./tensorflow.ts";

/**
 * Squared L2 norm of each example's own gradient, without making it: an example's gradient of a kernel is the outer
 * product of its input a and its error dz, and the norm of that is ||a|| ||dz||; of the bias it is dz (Goodfellow 2015,
 * "Efficient per-example gradient computations"). In float64.
 *
 * @param reaches of each layer: by inputReach
 * @param errors dz of each layer, batch x units
 */
export function gradientSquares(reaches: readonly Float64Array[], errors: readonly tf.Tensor2D[]): Float64Array {
  const squares = errors.map(rowSquares);
  return (reaches[0] as Float64Array).map((_, row) =>
    squares.reduce((sum, it, layer) => sum + (reaches[layer]?.[row] as number) * (it[row] as number), 0),
  );
}

/** What each example's squared error is multiplied by: ||a||^2, and 1 for the bias. */
export function inputReach({ bias }: DenseLayer, inputs: tf.Tensor2D): Float64Array {
  return rowSquares(inputs).map((square) => square + (bias === undefined ? 0 : 1));
}

/** Sum of squares of each row, in float64. */
function rowSquares(matrix: tf.Tensor2D): Float64Array {
  const [numRows, width] = matrix.shape;
  const values = matrix.dataSync<"float32">();
  const sums = new Float64Array(numRows);
  for (let row = 0, i = 0; row < numRows; row++) {
    let sum = 0;
    for (const end = i + width; i < end; i++) sum += (values[i] as number) * (values[i] as number);
    sums[row] = sum;
  }
  return sums;
}
