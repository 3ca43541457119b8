import { builtinSchema, type ConvolutionalModel, imageSide } from "./builtin.ts";
import { clippedRows } from "./clipped-rows.ts";
import { convolutionExamples } from "./convolution-examples.ts";
import { crossEntropy } from "./cross-entropy.ts";
import type { Differentiable } from "./differentiable.ts";
import { gradientSum, squareOf } from "./gradient-sum.ts";
import { logitErrors, meanLogitErrors } from "./logit-errors.ts";
import { tf } from "./tensorflow.ts";

interface Convolution {
  readonly filter: tf.Variable<tf.Rank.R4>;
  readonly bias: tf.Variable;
}

interface Layers {
  readonly convolutions: readonly Convolution[];
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable;
}

/** What a convolution made of its input: max pooling comes before bias and ReLU, which gives the same from a quarter. */
interface Convolved {
  readonly input: tf.Tensor4D;
  readonly sums: tf.Tensor4D;
  readonly pooled: tf.Tensor4D;
  readonly output: tf.Tensor4D;
}

interface Forward {
  readonly convolved: readonly Convolved[];
  /** The last output, batch x features. */
  readonly features: tf.Tensor2D;
  readonly logits: tf.Tensor2D;
}

interface ConvolutionErrors {
  readonly dPooled: tf.Tensor4D;
  readonly dSums: tf.Tensor4D;
}

/** Gradients with respect to what the layers made. */
interface Errors {
  readonly convolutions: readonly ConvolutionErrors[];
  readonly atLogits: tf.Tensor2D;
}

/** Two convolutions with max pooling and ReLU, and a dense layer; the gradient is written out, as in dense-layers.ts. */
export function convolutionalLayers(model: ConvolutionalModel): Differentiable {
  const variables = builtinSchema(model).map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros([...shape]))));
  const layers = layersOf(variables);
  const side = imageSide(model);
  const forward = (inputs: tf.Tensor2D): Forward => {
    const images: tf.Tensor4D = tf.reshape(inputs, [-1, side, side, model.channels]);
    const convolved = convolve(layers.convolutions, images);
    const features: tf.Tensor2D = tf.reshape((convolved.at(-1) as Convolved).output, [inputs.shape[0], -1]);
    return { convolved, features, logits: tf.add<tf.Tensor2D>(tf.matMul(features, layers.kernel), layers.bias) };
  };
  return {
    inputSize: model.inputs,
    numClasses: model.classes,
    variables,
    trainable: variables,
    mixesExamples: false,
    logits: (inputs) => forward(inputs).logits,
    lossAndGradients(inputs, labels) {
      const made = forward(inputs);
      const { lossSum } = crossEntropy(made.logits.dataSync<"float32">(), labels, model.classes);
      const gradients = gradientsOf(layers, made, backward(layers, made, meanLogitErrors(made.logits, labels)));
      return { loss: lossSum / labels.length, gradients };
    },
    clippedGradients(inputs, labels, clipNorm) {
      let sums: readonly tf.Tensor[] = variables.map((it) => tf.zerosLike(it));
      for (let from = 0; from < labels.length; from += MOST_AT_ONCE) {
        const some = labels.subarray(from, from + MOST_AT_ONCE);
        const part = tf.tidy(() => {
          const made = forward(tf.slice2d(inputs, [from, 0], [some.length, model.inputs]));
          return clippedSum(layers, made, some, clipNorm);
        });
        sums = sums.map((sum, i) => tf.add(sum, part[i] as tf.Tensor));
      }
      return sums;
    },
    dispose: () => tf.dispose([...variables]),
  };
}

function layersOf(variables: readonly tf.Variable[]): Layers {
  const filters = variables.filter((it) => it.rank === 4) as tf.Variable<tf.Rank.R4>[];
  const biases = variables.filter((it) => it.rank === 1);
  return {
    convolutions: filters.map((filter, i) => ({ filter, bias: biases[i] as tf.Variable })),
    kernel: variables.find((it) => it.rank === 2) as tf.Variable<tf.Rank.R2>,
    bias: biases.at(-1) as tf.Variable,
  };
}

function convolve(convolutions: readonly Convolution[], images: tf.Tensor4D): Convolved[] {
  let input = images;
  return convolutions.map(({ filter, bias }) => {
    const sums = tf.conv2d(input, filter, 1, "valid");
    const pooled = tf.maxPool(sums, 2, 2, "valid");
    const output = tf.relu(tf.add<tf.Tensor4D>(pooled, bias));
    const convolved = { input, sums, pooled, output };
    input = output;
    return convolved;
  });
}

/** Examples whose gradients are measured together: the backend slows down with many more. */
const MOST_AT_ONCE = 32;

function clippedSum(layers: Layers, made: Forward, labels: Int32Array, clipNorm: number): tf.Tensor[] {
  const errors = backward(layers, made, logitErrors(made.logits, labels));
  const examples = exampleGradients(layers, made, errors);
  const squares = Float64Array.from(examples, squareOf);
  const dense = clippedRows([layers], [made.features], [errors.atLogits], clipNorm, squares);
  const sum = gradientSum(layers.convolutions.flatMap(({ filter, bias }) => [filter, bias]));
  examples.forEach((gradients, row) => {
    sum.add(gradients, dense.factors[row] as number);
  });
  return [...sum.tensors(), ...denseGradients(dense.inputs[0] as tf.Tensor2D, dense.errors[0] as tf.Tensor2D)];
}

/** Back-propagation, as far as the sums that weights and biases are part of. */
function backward({ convolutions, kernel }: Layers, { convolved }: Forward, atLogits: tf.Tensor2D): Errors {
  const errors: ConvolutionErrors[] = [];
  let dOutput: tf.Tensor = tf.matMul(atLogits, kernel, false, true);
  for (let i = convolutions.length - 1; i >= 0; i--) {
    const { filter } = convolutions[i] as Convolution;
    const { input, sums, pooled, output } = convolved[i] as Convolved;
    const dPooled = tf.mul<tf.Tensor4D>(tf.reshape(dOutput, output.shape), tf.step(output));
    const dSums = run("MaxPoolGrad", { dy: dPooled, input: sums, output: pooled }, POOLING);
    errors.unshift({ dPooled, dSums });
    if (i > 0) {
      dOutput = run("Conv2DBackpropInput", { dy: dSums, filter }, { ...CONVOLUTION, inputShape: input.shape });
    }
  }
  return { convolutions: errors, atLogits };
}

/** Of filter, bias, filter, bias ..., kernel and bias. */
function gradientsOf({ convolutions }: Layers, { convolved, features }: Forward, errors: Errors): tf.Tensor[] {
  const ofConvolutions = convolutions.flatMap(({ filter }, i) => {
    const { dPooled, dSums } = errors.convolutions[i] as ConvolutionErrors;
    return [filterGradient(filter.shape)((convolved[i] as Convolved).input, dSums), tf.sum(dPooled, [0, 1, 2])];
  });
  return [...ofConvolutions, ...denseGradients(features, errors.atLogits)];
}

const denseGradients = (features: tf.Tensor2D, errors: tf.Tensor2D): tf.Tensor[] => [
  tf.matMul(features, errors, true, false),
  tf.sum(errors, 0),
];

const filterGradient = (filterShape: readonly number[]) => (x: tf.Tensor4D, dy: tf.Tensor4D) =>
  run("Conv2DBackpropFilter", { x, dy }, { ...CONVOLUTION, filterShape });

/** Each example's own, of filter, bias, filter, bias ... */
function exampleGradients({ convolutions }: Layers, { convolved }: Forward, errors: Errors): Float32Array[][] {
  const byLayer = convolutions.map(({ filter }, i) => {
    const { dPooled, dSums } = errors.convolutions[i] as ConvolutionErrors;
    return convolutionExamples((convolved[i] as Convolved).input, dSums, dPooled, filterGradient(filter.shape));
  });
  return (byLayer[0] as Float32Array[][]).map((_, row) => byLayer.flatMap((it) => it[row] as Float32Array[]));
}

const POOLING = { filterSize: 2, strides: 2, pad: "valid" };
const CONVOLUTION = { strides: 1, pad: "valid", dataFormat: "NHWC" };

/** Gradients are kernels of their own, which TensorFlow.js has no functions for. */
function run(kernel: string, inputs: tf.NamedTensorMap, attributes: Record<string, unknown>): tf.Tensor4D {
  return tf.engine().runKernel(kernel, inputs, attributes as never) as tf.Tensor4D;
}
