import type { BuiltinModel } from "../plan.ts";
import { numCoordinates, type TensorSchema } from "../tensors/schema.ts";
import { glorotWeights, uniformWeights } from "./initial-weights.ts";

export type DenseModel = Exclude<BuiltinModel, { readonly builtin: "cnn" }>;
export type ConvolutionalModel = Extract<BuiltinModel, { readonly builtin: "cnn" }>;

/** Side of the filters of `cnn`, and how many each of its convolutions has. */
const FILTER_SIZE = 5;
const FILTERS = [16, 32] as const;

/**
 * The built-in models: `softmax` is multinomial logistic regression, `mlp` has one hidden layer of ReLU units, `cnn` two
 * convolutions without padding, each followed by a max pooling of 2 x 2 and ReLU (as LeCun et al. 1998 arrange them).
 * Kernels are inputs x outputs, so that logits = inputs · kernel + bias; filters are height x width x channels in x
 * channels out.
 */
export function builtinSchema(model: BuiltinModel): TensorSchema {
  switch (model.builtin) {
    case "softmax":
      return denseTensors("output", model.inputs, model.classes, model.bias);
    case "mlp":
      return [
        ...denseTensors("hidden", model.inputs, model.hidden, true),
        ...denseTensors("output", model.hidden, model.classes, true),
      ];
    case "cnn":
      return [
        ...convolutionTensors("convolution1", model.channels, FILTERS[0]),
        ...convolutionTensors("convolution2", FILTERS[0], FILTERS[1]),
        ...denseTensors("output", numFeatures(model), model.classes, true),
      ];
  }
}

/** Side of the square image that a `cnn` takes. */
export const imageSide = ({ inputs, channels }: ConvolutionalModel): number => Math.sqrt(inputs / channels);

/** Values that are left of an image after both convolutions and poolings. */
function numFeatures(model: ConvolutionalModel): number {
  const side = FILTERS.reduce((length) => Math.floor((length - FILTER_SIZE + 1) / 2), imageSide(model));
  return side * side * FILTERS[1];
}

function convolutionTensors(name: string, channelsIn: number, channelsOut: number): TensorSchema {
  return [
    { name: `${name}/kernel`, shape: [FILTER_SIZE, FILTER_SIZE, channelsIn, channelsOut] },
    { name: `${name}/bias`, shape: [channelsOut] },
  ];
}

function denseTensors(name: string, numInputs: number, numOutputs: number, bias: boolean): TensorSchema {
  const kernel = { name: `${name}/kernel`, shape: [numInputs, numOutputs] };
  return bias ? [kernel, { name: `${name}/bias`, shape: [numOutputs] }] : [kernel];
}

/** The weights a job starts from: d values in schema order, fixed by the plan's seed. */
export function initialWeights(model: BuiltinModel, seed: number): Float32Array {
  const schema = builtinSchema(model);
  return model.initialRange === undefined
    ? glorotWeights(schema, seed)
    : uniformWeights(numCoordinates(schema), model.initialRange, seed);
}
