import { FederationError } from "../errors.ts";
import { clipFactor, isClipped } from "./clip-factor.ts";
import type { Differentiable } from "./differentiable.ts";
import { gradientSum, squareOf } from "./gradient-sum.ts";
import { tf } from "./tensorflow.ts";

/**
 * The sum over the examples of each one's own gradient, scaled to an L2 norm of at most `clipNorm` over all trainable
 * variables together; one that float32 cannot scale so adds nothing (clip-factor.ts). By the model's own way where it has
 * one; else one example at a time, which any model can do whose examples do not mix.
 *
 * @param inputs batch x inputSize; a batch may be empty
 * @throws PRIVACY_UNSUPPORTED for a model that mixes examples
 */
export function clippedGradients(
  model: Differentiable,
  inputs: tf.Tensor2D,
  labels: Int32Array,
  clipNorm: number,
): readonly tf.Tensor[] {
  if (model.mixesExamples) throw mixing("batch normalisation and stateful layers mix examples");
  if (labels.length === 0) return model.trainable.map((it) => tf.zerosLike(it));
  return model.clippedGradients?.(inputs, labels, clipNorm) ?? oneByOne(model, inputs, labels, clipNorm);
}

function oneByOne(model: Differentiable, inputs: tf.Tensor2D, labels: Int32Array, clipNorm: number): tf.Tensor[] {
  const sum = gradientSum(model.trainable);
  const requireUnchanged = watched(model);
  for (let row = 0; row < labels.length; row++) {
    tf.tidy(() => {
      const input = tf.slice2d(inputs, [row, 0], [1, model.inputSize]);
      const { gradients } = model.lossAndGradients(input, labels.subarray(row, row + 1));
      const values = gradients.map((it) => it.dataSync<"float32">());
      const norm = Math.sqrt(squareOf(values));
      const factor = clipFactor(norm, clipNorm);
      sum.add(values, isClipped(factor * norm, clipNorm) ? factor : 0);
    });
  }
  requireUnchanged();
  return sum.tensors();
}

/** Noise comes on the trainable variables only: what an example writes into another would leave as it is. */
function watched({ variables, trainable }: Differentiable): () => void {
  const others = variables.filter((it) => !trainable.includes(it));
  const before = others.map((it) => it.dataId);
  return () => {
    if (others.some((it, i) => it.dataId !== before[i])) throw mixing("an example changed untrained weights");
  };
}

function mixing(why: string): FederationError {
  return new FederationError("PRIVACY_UNSUPPORTED", `${why}, so that none has a gradient of its own`);
}
