import type { Batch } from "../data/dataset.ts";
import { isBuiltin, type Plan } from "../plan.ts";
import { numCoordinates, type TensorSchema, viewTensors } from "../tensors/schema.ts";
import { startBackend } from "./backends.ts";
import { builtinSchema } from "./builtin.ts";
import { clippedGradients } from "./clipped-gradients.ts";
import { convolutionalLayers } from "./convolutional-layers.ts";
import { denseLayers } from "./dense-layers.ts";
import type { Differentiable } from "./differentiable.ts";
import { tf } from "./tensorflow.ts";

/** A model with its weights on the running backend. */
export interface Network {
  readonly schema: TensorSchema;
  readonly inputSize: number;
  readonly numClasses: number;
  /** Starts a round: takes d values in schema order and forgets the momentum. @throws SCHEMA_MISMATCH */
  setWeights(values: Float32Array): void;
  weights(): Float32Array;
  /**
   * One step of stochastic gradient descent with momentum (Sutskever et al. 2013, without Nesterov):
   * v <- momentum v + gradient; w <- w - learningRate v.
   *
   * @returns the batch's mean loss before the step
   */
  step(batch: Batch, settings: Descent): number;
  /**
   * The same with noise between the batch and the weights (DP-SGD, Abadi et al. 2016, algorithm 1): the gradient is the
   * sum of the examples' clipped ones and the noise, divided by what the batch is expected to hold. A batch may be empty.
   * @throws PRIVACY_UNSUPPORTED for a model that mixes examples
   */
  privateStep(batch: Batch, settings: PrivateDescent): void;
  /** @param inputs any number of examples; @returns numClasses values for each */
  logits(inputs: Float32Array): Float32Array;
  dispose(): void;
}

export interface Descent {
  readonly learningRate: number;
  readonly momentum: number;
}

export interface PrivateDescent extends Descent {
  /** Of each example's gradient, in L2 over all trainable weights. */
  readonly clipNorm: number;
  readonly expectedBatchSize: number;
  /** Fresh noise for so many coordinates of the sum. */
  noise(count: number): Float32Array;
}

/**
 * @param topology the bytes of model.json, for a plan whose model is `layers`
 * @throws BACKEND_UNAVAILABLE, MODEL_FILE_INVALID
 */
export async function openNetwork(model: Plan["model"], topology: Uint8Array | undefined): Promise<Network> {
  await startBackend();
  if (isBuiltin(model)) {
    return network(builtinSchema(model), model.builtin === "cnn" ? convolutionalLayers(model) : denseLayers(model));
  }
  const { openLayersModel } = await import("./layers-network.ts");
  const { schema, differentiable } = await openLayersModel(topology);
  return network(schema, differentiable);
}

function network(schema: TensorSchema, model: Differentiable): Network {
  const held = viewTensors(schema, new Float32Array(numCoordinates(schema)));
  const velocities = model.trainable.map((weight) => tf.tidy(() => tf.variable(tf.zerosLike(weight))));
  const rows = (inputs: Float32Array) => tf.tensor2d(inputs, [inputs.length / model.inputSize, model.inputSize]);
  const descend = (gradients: readonly tf.Tensor[], { learningRate, momentum }: Descent) =>
    gradients.forEach((gradient, i) => {
      const velocity = velocities[i] as tf.Variable;
      const weight = model.trainable[i] as tf.Variable;
      velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
      weight.assign(tf.sub(weight, tf.mul(velocity, learningRate)));
    });
  return {
    schema,
    inputSize: model.inputSize,
    numClasses: model.numClasses,
    setWeights: (values) =>
      tf.tidy(() => {
        // A copy: the plain JavaScript backend keeps a typed array as it is, until these weights are set again, and the
        // caller's must not change.
        viewTensors(schema, values).forEach(({ spec, values: of }, i) => {
          const own = (held[i] as (typeof held)[number]).values;
          own.set(of);
          (model.variables[i] as tf.Variable).assign(tf.tensor(own, [...spec.shape]));
        });
        for (const velocity of velocities) velocity.assign(tf.zerosLike(velocity));
      }),
    weights() {
      const values = new Float32Array(numCoordinates(schema));
      viewTensors(schema, values).forEach(({ values: into }, i) => {
        into.set((model.variables[i] as tf.Variable).dataSync());
      });
      return values;
    },
    step: ({ inputs, labels }, settings) =>
      tf.tidy(() => {
        const { loss, gradients } = model.lossAndGradients(rows(inputs), labels);
        descend(gradients, settings);
        return loss;
      }),
    privateStep: ({ inputs, labels }, { clipNorm, expectedBatchSize, noise, ...settings }) =>
      tf.tidy(() => {
        const sums = clippedGradients(model, rows(inputs), labels, clipNorm);
        const noised = sums.map((sum) => tf.add(sum, tf.tensor(noise(sum.size), sum.shape)));
        descend(
          noised.map((it) => tf.div(it, expectedBatchSize)),
          settings,
        );
      }),
    logits(inputs) {
      const logits = tf.tidy(() => model.logits(rows(inputs)));
      // read outside: tidy looks for tensors in what it is given, value by value
      const values = logits.dataSync<"float32">().slice();
      logits.dispose();
      return values;
    },
    dispose() {
      tf.dispose(velocities);
      model.dispose();
    },
  };
}
