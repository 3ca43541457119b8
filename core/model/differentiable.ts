import type { tf } from "./tensorflow.ts";

/**
 * A classifier whose cross-entropy can be differentiated: what the built-in models (dense-layers.ts) and Layers
 * models (layers-network.ts) have in common. The tensors of one call live in the caller's tf.tidy.
 */
export interface Differentiable {
  readonly inputSize: number;
  readonly numClasses: number;
  /** All weights in schema order. */
  readonly variables: readonly tf.Variable[];
  /** Those that descend; the rest (moving averages of a batch normalisation) change as a side effect. */
  readonly trainable: readonly tf.Variable[];
  /** Whether an example gets into the results of others: such a model has no gradient of one example. */
  readonly mixesExamples: boolean;
  /** @param inputs batch x inputSize; @returns batch x numClasses */
  logits(inputs: tf.Tensor2D): tf.Tensor2D;
  /** Mean softmax cross-entropy over the batch, and its gradient with respect to each trainable variable. */
  lossAndGradients(inputs: tf.Tensor2D, labels: Int32Array): LossAndGradients;
  /** What clipped-gradients.ts promises, by a way that is faster than one example at a time, where one is known. */
  clippedGradients?(inputs: tf.Tensor2D, labels: Int32Array, clipNorm: number): readonly tf.Tensor[];
  dispose(): void;
}

export interface LossAndGradients {
  readonly loss: number;
  readonly gradients: readonly tf.Tensor[];
}
