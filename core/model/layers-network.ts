import { FederationError } from "../errors.ts";
import { sizeOf, type TensorSchema } from "../tensors/schema.ts";
import { startBackend } from "./backends.ts";
import { type LayersModel, mixesExamples, requireAllowed } from "./built-layers.ts";
import type { Differentiable } from "./differentiable.ts";
import { parseTopology } from "./layers-topology.ts";
import { loadLayers, tf } from "./tensorflow.ts";

/** Below it a probability's logarithm is cut off, as in Keras. */
const MIN_PROBABILITY = 1e-7;

/**
 * Builds the model of a model.json: one input, one output of a value per class. A model that ends in a softmax is
 * taken at the logarithm of its output, so that both kinds learn by the same loss.
 *
 * @throws MODEL_FILE_INVALID
 */
export async function openLayersModel(
  topology: Uint8Array | undefined,
): Promise<{ schema: TensorSchema; differentiable: Differentiable }> {
  if (topology === undefined) throw new FederationError("MODEL_FILE_INVALID", "the plan's model.json was not given");
  await startBackend();
  const model = await build(topology);
  try {
    requireAllowed(model);
    return { schema: schemaOf(model), differentiable: differentiable(model) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function build(topology: Uint8Array): Promise<LayersModel> {
  const { models } = await loadLayers();
  const { model } = parseTopology(topology);
  try {
    return await models.modelFromJSON({ modelTopology: model } as never);
  } catch (cause) {
    throw new FederationError("MODEL_FILE_INVALID", String(cause), { cause });
  }
}

function schemaOf(model: LayersModel): TensorSchema {
  const schema = model.weights.map(({ originalName, shape }) => ({ name: originalName, shape: shape as number[] }));
  if (schema.length === 0) throw new FederationError("MODEL_FILE_INVALID", "the model has no weights");
  if (new Set(schema.map((it) => it.name)).size < schema.length) {
    throw new FederationError("MODEL_FILE_INVALID", "two weights have the same name");
  }
  return schema;
}

function differentiable(model: LayersModel): Differentiable {
  const { inputShape, numClasses } = endsOf(model);
  const isProbability = endsInSoftmax(model);
  const apply = (inputs: tf.Tensor2D, training: boolean): tf.Tensor2D => {
    const output = model.apply(tf.reshape(inputs, [-1, ...inputShape]), { training }) as tf.Tensor2D;
    return isProbability ? tf.log(tf.maximum<tf.Tensor2D>(output, MIN_PROBABILITY)) : output;
  };
  const trainable = model.trainableWeights.map(variableOf);
  return {
    inputSize: sizeOf(inputShape),
    numClasses,
    variables: model.weights.map(variableOf),
    trainable,
    mixesExamples: mixesExamples(model),
    logits: (inputs) => apply(inputs, false),
    lossAndGradients(inputs, labels) {
      const oneHot = tf.oneHot(tf.tensor1d(labels, "int32"), numClasses);
      const loss = (): tf.Scalar =>
        tf.losses.softmaxCrossEntropy<tf.Tensor2D, tf.Scalar>(oneHot as tf.Tensor2D, apply(inputs, true));
      const { value, grads } = tf.variableGrads(loss, trainable);
      const gradients = trainable.map((weight) => grads[weight.name] ?? tf.zerosLike(weight));
      return { loss: value.dataSync()[0] as number, gradients };
    },
    dispose: () => void model.dispose(),
  };
}

/** TensorFlow.js types the variable behind a layer's weight as protected. */
function variableOf(weight: LayersModel["weights"][number]): tf.Variable {
  return (weight as unknown as { val: tf.Variable }).val;
}

function endsOf(model: LayersModel): { inputShape: number[]; numClasses: number } {
  const [input, output] = [model.inputs[0], model.outputs[0]];
  const inputShape = input?.shape.slice(1) ?? [];
  const numClasses = output?.shape[1];
  const hasOnePair = model.inputs.length === 1 && model.outputs.length === 1;
  if (!hasOnePair || inputShape.includes(null) || output?.shape.length !== 2 || !numClasses) {
    const shapes = `${JSON.stringify(model.inputs.map((it) => it.shape))} to ${JSON.stringify(model.outputs.map((it) => it.shape))}`;
    throw new FederationError("MODEL_FILE_INVALID", `not a classifier of one input and one output: ${shapes}`);
  }
  return { inputShape: inputShape as number[], numClasses };
}

function endsInSoftmax(model: LayersModel): boolean {
  const last = model.outputs[0]?.sourceLayer;
  return last?.getClassName() === "Softmax" || last?.getConfig()["activation"] === "softmax";
}
