import { tf } from "./tensorflow.ts";

/**
 * Each example's gradient of a filter and of its bias. It is no single product of an input and an error but a sum over
 * the image, in which terms may cancel: neither its length nor what scaled terms add up to can be told without making
 * it, for one example after the other. What leads to it was made for all at once.
 *
 * @param input batch x height x width x channels in
 * @param dSums gradient with respect to the filter's sums, batch x height x width x channels out
 * @param dBiased with respect to what the bias was added to, of any height and width
 * @param filterGradient of a batch of one
 * @returns [filter, bias] of each example
 */
export function convolutionExamples(
  input: tf.Tensor4D,
  dSums: tf.Tensor4D,
  dBiased: tf.Tensor4D,
  filterGradient: (input: tf.Tensor4D, dSums: tf.Tensor4D) => tf.Tensor4D,
): [Float32Array, Float32Array][] {
  const numExamples = input.shape[0];
  const biases = tf.sum(dBiased, [1, 2]).dataSync<"float32">();
  const width = biases.length / numExamples;
  return Array.from({ length: numExamples }, (_, row) => {
    // The values are read outside: tidy looks through all that it returns for tensors, number by number.
    const filter = tf.tidy(() => filterGradient(exampleOf(input, row), exampleOf(dSums, row)));
    const values = filter.dataSync<"float32">();
    filter.dispose();
    return [values, biases.subarray(row * width, (row + 1) * width)];
  });
}

function exampleOf(batch: tf.Tensor4D, row: number): tf.Tensor4D {
  return tf.slice4d(batch, [row, 0, 0, 0], [1, -1, -1, -1]);
}
