import { tf } from "./tensorflow.ts";

/** Gradient of each example's cross-entropy with respect to its logits: softmax - one hot. */
export function logitErrors(logits: tf.Tensor2D, labels: Int32Array): tf.Tensor2D {
  const oneHot = tf.oneHot(tf.tensor1d(labels, "int32"), logits.shape[1]);
  return tf.sub(tf.softmax(logits), oneHot);
}

/** Of the mean over the batch. */
export function meanLogitErrors(logits: tf.Tensor2D, labels: Int32Array): tf.Tensor2D {
  return tf.div(logitErrors(logits, labels), labels.length);
}
