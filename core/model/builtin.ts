import type { BuiltinModel } from "../plan.ts";
import type { TensorSchema } from "../tensors/schema.ts";
import { glorotWeights } from "./initial-weights.ts";

/**
 * The built-in models: `softmax` is multinomial logistic regression, `mlp` has one hidden layer of ReLU units.
 * Kernels are inputs x outputs, so that logits = inputs · kernel + bias.
 */
export function builtinSchema(model: BuiltinModel): TensorSchema {
  if (model.builtin === "softmax") return denseTensors("output", model.inputs, model.classes, model.bias);
  return [
    ...denseTensors("hidden", model.inputs, model.hidden, true),
    ...denseTensors("output", model.hidden, model.classes, true),
  ];
}

function denseTensors(name: string, numInputs: number, numOutputs: number, bias: boolean): TensorSchema {
  const kernel = { name: `${name}/kernel`, shape: [numInputs, numOutputs] };
  return bias ? [kernel, { name: `${name}/bias`, shape: [numOutputs] }] : [kernel];
}

/** The weights a job starts from: d values in schema order, fixed by the plan's seed. */
export function initialWeights(model: BuiltinModel, seed: number): Float32Array {
  return glorotWeights(builtinSchema(model), seed);
}
