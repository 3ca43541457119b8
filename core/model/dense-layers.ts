import type { BuiltinModel } from "../plan.ts";
import { builtinSchema } from "./builtin.ts";
import { crossEntropy } from "./cross-entropy.ts";
import type { Differentiable } from "./differentiable.ts";
import { tf } from "./tensorflow.ts";

interface DenseLayer {
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable | undefined;
}

/**
 * Fully connected layers with ReLU between them. The gradient is written out: recording a tape takes half as long
 * again, and the gradients of TensorFlow.js's operations come with its Layers package, which starts slowly.
 */
export function denseLayers(model: BuiltinModel): Differentiable {
  const variables = builtinSchema(model).map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros([...shape]))));
  const layers = pairUp(variables);
  return {
    inputSize: model.inputs,
    numClasses: model.classes,
    variables,
    trainable: variables,
    logits: (inputs) => activations(layers, inputs).at(-1) as tf.Tensor2D,
    lossAndGradients(inputs, labels) {
      const outputs = activations(layers, inputs);
      const logits = outputs.at(-1) as tf.Tensor2D;
      const { lossSum } = crossEntropy(logits.dataSync<"float32">(), labels, model.classes);
      return { loss: lossSum / labels.length, gradients: backward(layers, outputs, labels) };
    },
    dispose: () => tf.dispose([...variables]),
  };
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
 * Back-propagation. At the logits the gradient of the mean cross-entropy is (softmax - one hot) / batch size; through
 * a layer z = aW + b it is a'dz for W, the column sums of dz for b, and dz W' for a, gated where ReLU was 0.
 */
function backward(layers: readonly DenseLayer[], outputs: readonly tf.Tensor2D[], labels: Int32Array): tf.Tensor[] {
  const logits = outputs.at(-1) as tf.Tensor2D;
  const oneHot = tf.oneHot(tf.tensor1d(labels, "int32"), logits.shape[1]);
  let dz: tf.Tensor2D = tf.div(tf.sub(tf.softmax(logits), oneHot), labels.length);
  const gradients: tf.Tensor[] = [];
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernel, bias } = layers[i] as DenseLayer;
    const input = outputs[i] as tf.Tensor2D;
    if (bias !== undefined) gradients.unshift(tf.sum(dz, 0));
    gradients.unshift(tf.matMul(input, dz, true, false));
    if (i > 0) dz = tf.mul(tf.matMul(dz, kernel, false, true), tf.step(input));
  }
  return gradients;
}
