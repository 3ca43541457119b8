import { builtinSchema, type DenseModel } from "./builtin.ts";
import { clippedRows } from "./clipped-rows.ts";
import { crossEntropy } from "./cross-entropy.ts";
import type { Differentiable } from "./differentiable.ts";
import { logitErrors, meanLogitErrors } from "./logit-errors.ts";
import { tf } from "./tensorflow.ts";

export interface DenseLayer {
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable | undefined;
}

/**
 * Fully connected layers with ReLU between them. The gradient is written out: recording a tape takes half as long
 * again, and the gradients of TensorFlow.js's operations come with its Layers package, which starts slowly.
 */
export function denseLayers(model: DenseModel): Differentiable {
  const variables = builtinSchema(model).map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros([...shape]))));
  const layers = pairUp(variables);
  return {
    inputSize: model.inputs,
    numClasses: model.classes,
    variables,
    trainable: variables,
    mixesExamples: false,
    logits: (inputs) => activations(layers, inputs).at(-1) as tf.Tensor2D,
    lossAndGradients(inputs, labels) {
      const outputs = activations(layers, inputs);
      const logits = outputs.at(-1) as tf.Tensor2D;
      const { lossSum } = crossEntropy(logits.dataSync<"float32">(), labels, model.classes);
      const gradients = gradientsOf(layers, outputs, backward(layers, outputs, meanLogitErrors(logits, labels)));
      return { loss: lossSum / labels.length, gradients };
    },
    clippedGradients: (inputs, labels, clipNorm) => clippedGradients(layers, inputs, labels, clipNorm),
    dispose: () => tf.dispose([...variables]),
  };
}

/** The gradient of clipped examples, by one product per layer. */
function clippedGradients(
  layers: readonly DenseLayer[],
  inputs: tf.Tensor2D,
  labels: Int32Array,
  clipNorm: number,
): tf.Tensor[] {
  const outputs = activations(layers, inputs);
  const errors = backward(layers, outputs, logitErrors(outputs.at(-1) as tf.Tensor2D, labels));
  const clipped = clippedRows(layers, outputs.slice(0, -1), errors, clipNorm);
  return gradientsOf(layers, clipped.inputs, clipped.errors);
}

/** Kernel, bias, kernel, bias ...; a softmax model may have no bias. */
function pairUp(variables: readonly tf.Variable[]): DenseLayer[] {
  const kernels = variables.filter((it) => it.rank === 2) as tf.Variable<tf.Rank.R2>[];
  const biases = variables.filter((it) => it.rank === 1);
  return kernels.map((kernel, i) => ({ kernel, bias: biases[i] }));
}

/** [inputs, hidden activations ..., logits] */
function activations(layers: readonly DenseLayer[], inputs: tf.Tensor2D): tf.Tensor2D[] {
  const outputs = [inputs];
  layers.forEach(({ kernel, bias }, i) => {
    const product = tf.matMul<tf.Tensor2D>(outputs[i] as tf.Tensor2D, kernel);
    const sum = bias === undefined ? product : tf.add<tf.Tensor2D>(product, bias);
    outputs.push(i < layers.length - 1 ? tf.relu(sum) : sum);
  });
  return outputs;
}

/**
 * Back-propagation from the errors at the logits: the gradient with respect to each layer's dz, the sums before ReLU.
 * Through a layer z = aW + b it is dz W', gated where ReLU was 0.
 */
function backward(
  layers: readonly DenseLayer[],
  outputs: readonly tf.Tensor2D[],
  atLogits: tf.Tensor2D,
): tf.Tensor2D[] {
  let dz = atLogits;
  const errors = [dz];
  for (let i = layers.length - 1; i > 0; i--) {
    const { kernel } = layers[i] as DenseLayer;
    dz = tf.mul(tf.matMul(dz, kernel, false, true), tf.step(outputs[i] as tf.Tensor2D));
    errors.unshift(dz);
  }
  return errors;
}

/** Of a layer's weights: a'dz for W, the column sums of dz for b. */
function gradientsOf(
  layers: readonly DenseLayer[],
  outputs: readonly tf.Tensor2D[],
  errors: readonly tf.Tensor2D[],
): tf.Tensor[] {
  return layers.flatMap(({ bias }, i) => {
    const dz = errors[i] as tf.Tensor2D;
    const kernel = tf.matMul(outputs[i] as tf.Tensor2D, dz, true, false);
    return bias === undefined ? [kernel] : [kernel, tf.sum(dz, 0)];
  });
}
