import { clipFactor, isClipped } from "./clip-factor.ts";
import type { DenseLayer } from "./dense-layers.ts";
import { gradientSquares, inputReach } from "./example-norms.ts";
import { tf } from "./tensorflow.ts";

/** What a batch's gradient is made of once each example's is clipped. */
interface ClippedRows {
  /** Input of each layer, batch x units. */
  readonly inputs: readonly tf.Tensor2D[];
  /** dz of each layer, batch x units. */
  readonly errors: readonly tf.Tensor2D[];
  /** By what each example's gradient is multiplied; 0 for one that takes no part. */
  readonly factors: Float64Array;
}

/**
 * Scaling an example's errors scales its gradient, which is clipped so. What came of it in float32 is measured again, and
 * an example that is still too long, or whose gradient is not finite, becomes zeros. An example's row depends on no
 * other one.
 *
 * @param inputs of each layer, batch x units
 * @param errors dz of each layer, not of a mean, batch x units
 * @param others squared norm of each example's gradient of further weights, which is multiplied by its factor in float64
 */
export function clippedRows(
  layers: readonly DenseLayer[],
  inputs: readonly tf.Tensor2D[],
  errors: readonly tf.Tensor2D[],
  clipNorm: number,
  others?: Float64Array,
): ClippedRows {
  const reaches = layers.map((it, i) => inputReach(it, inputs[i] as tf.Tensor2D));
  const other = (row: number) => others?.[row] ?? 0;
  const wanted = gradientSquares(reaches, errors).map((it, row) => clipFactor(Math.sqrt(it + other(row)), clipNorm));
  const scaled = errors.map((it) => tf.mul<tf.Tensor2D>(it, column(Float32Array.from(wanted))));
  const factors = gradientSquares(reaches, scaled).map((it, row) => {
    const factor = wanted[row] as number;
    return isClipped(Math.sqrt(it + factor * factor * other(row)), clipNorm) ? factor : 0;
  });
  return { inputs: inputs.map((it) => kept(it, factors)), errors: scaled.map((it) => kept(it, factors)), factors };
}

/** Zeros times what is not finite would be no zeros. */
function kept(matrix: tf.Tensor2D, factors: Float64Array): tf.Tensor2D {
  if (factors.every((it) => it > 0)) return matrix;
  return tf.where(tf.cast(column(Float32Array.from(factors, Math.sign)), "bool"), matrix, tf.zerosLike(matrix));
}

function column(values: Float32Array): tf.Tensor2D {
  return tf.tensor2d(values, [values.length, 1]);
}
