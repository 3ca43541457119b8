import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../random/seeded.ts";
import { startBackend } from "./backends.ts";
import { clippedGradients } from "./clipped-gradients.ts";
import { convolutionalLayers } from "./convolutional-layers.ts";
import { denseLayers } from "./dense-layers.ts";
import type { Differentiable } from "./differentiable.ts";
import { openLayersModel } from "./layers-network.ts";
import { tf } from "./tensorflow.ts";

const dense = (name: string, config: object) => ({ class_name: "Dense", config: { name, ...config } });
const LAYERS = Buffer.from(
  JSON.stringify({
    modelTopology: {
      class_name: "Sequential",
      config: {
        name: "model",
        layers: [
          dense("hidden", { units: 2, activation: "relu", batch_input_shape: [null, 2] }),
          dense("output", { units: 3 }),
        ],
      },
    },
  }),
);
const KINDS = ["softmax without a bias", "mlp", "cnn", "a Layers model"] as const;
type Kind = (typeof KINDS)[number];
const models = new Map<Kind, Differentiable>();

beforeAll(async () => {
  await startBackend();
  models.set("softmax without a bias", denseLayers({ builtin: "softmax", inputs: 2, classes: 3, bias: false }));
  models.set("mlp", denseLayers({ builtin: "mlp", inputs: 2, hidden: 2, classes: 3 }));
  models.set("cnn", convolutionalLayers({ builtin: "cnn", inputs: 256, channels: 1, classes: 3 }));
  models.set("a Layers model", (await openLayersModel(LAYERS)).differentiable);
});
afterAll(() => {
  for (const model of models.values()) model.dispose();
});
const modelOf = (kind: Kind) => models.get(kind) as Differentiable;

function clippedSum(
  model: Differentiable,
  inputs: readonly Float32Array[],
  labels: readonly number[],
  clipNorm: number,
) {
  return coordinates(() => {
    const rows = tf.tensor2d(Float32Array.from(inputs.flatMap((it) => [...it])), [labels.length, model.inputSize]);
    return clippedGradients(model, rows, Int32Array.from(labels), clipNorm);
  });
}

/** All of a gradient, as the float32 values they are. */
function coordinates(make: () => readonly tf.Tensor[]): Float64Array {
  return Float64Array.from(tf.tidy(() => make().flatMap((it) => [...it.dataSync<"float32">()])));
}

const lengthOf = (values: Float64Array) => Math.hypot(...values);

function setWeights(model: Differentiable, valuesOf: (tensor: number, at: number) => number): void {
  model.variables.forEach((it, tensor) => {
    const values = Float32Array.from({ length: it.size }, (_, at) => valuesOf(tensor, at));
    tf.tidy(() => it.assign(tf.tensor(values, it.shape)));
  });
}

/** Weights and examples of any size that float32 has, tensor by tensor; the coordinator chooses all but the examples. */
const exponent = fc.oneof(fc.constant(undefined), fc.double({ min: -45, max: 38.5, noNaN: true }));
const extreme = fc.record({
  clipNorm: fc.double({ min: -30, max: 30, noNaN: true }).map((it) => 10 ** it),
  weights: fc.array(exponent, { minLength: 6, maxLength: 6 }),
  examples: fc.array(fc.tuple(exponent, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 4 }),
  seed: fc.integer({ min: 0, max: 255 }),
});
type Extreme = typeof extreme extends fc.Arbitrary<infer T> ? T : never;

/** Fills the model's weights and makes the examples. */
function extremeOf(model: Differentiable, { weights, examples, seed }: Extreme) {
  const random = seededRandom(new Uint8Array(32).fill(seed));
  const value = (of: number | undefined) =>
    of === undefined
      ? 0
      : Math.fround((random.uniform() < 0.5 ? -1 : 1) * Math.min(10 ** of, 3.4e38) * random.uniform());
  setWeights(model, (tensor) => value(weights[tensor % weights.length]));
  const inputs = examples.map(([of]) => Float32Array.from({ length: model.inputSize }, () => value(of)));
  return { inputs, labels: examples.map(([, label]) => label) };
}

const RUNS: Record<Kind, number> = { "softmax without a bias": 300, mlp: 300, cnn: 60, "a Layers model": 200 };

describe.each(KINDS)("%s: what an example adds", (kind) => {
  test("is no longer than the clip norm, whatever the plan's weights", () => {
    fc.assert(
      fc.property(extreme, (chosen) => {
        const model = modelOf(kind);
        const { inputs, labels } = extremeOf(model, chosen);
        const alone = clippedSum(model, inputs.slice(0, 1), labels.slice(0, 1), chosen.clipNorm);
        expect(lengthOf(alone)).toBeLessThanOrEqual(chosen.clipNorm);
      }),
      { numRuns: RUNS[kind] },
    );
  });

  test("is the same alone and among others, to the rounding of the sum", () => {
    fc.assert(
      fc.property(extreme, (chosen) => {
        const model = modelOf(kind);
        const { inputs, labels } = extremeOf(model, chosen);
        const together = clippedSum(model, inputs, labels, chosen.clipNorm);
        inputs.forEach((input, i) => {
          const alone = clippedSum(model, [input], [labels[i] as number], chosen.clipNorm);
          alone.forEach((value, at) => {
            together[at] = (together[at] as number) - value;
          });
        });
        expect(lengthOf(together)).toBeLessThanOrEqual(2 ** -20 * chosen.clipNorm);
      }),
      { numRuns: RUNS[kind] / 2 },
    );
  });
});

const CLIP_NORMS = [1e-30, 1.5e-7, 3e-7, 1e-3, 1, 1e30];

describe("a plan that means harm", () => {
  test.each(CLIP_NORMS)(
    "activations near the end of float32 make factors too small for it (clip norm %d)",
    (clipNorm) => {
      const model = modelOf("mlp");
      for (const activation of [1e38, 2e38, 3e38]) {
        for (const bias of [0, 10, 40, 60]) {
          setWeights(model, (tensor, at) => [activation, 0, 0, at === 0 ? bias : -bias][tensor] as number);
          for (const label of [0, 1]) {
            const sum = clippedSum(model, [Float32Array.of(1, 0)], [label], clipNorm);
            expect(lengthOf(sum)).toBeLessThanOrEqual(clipNorm);
          }
        }
      }
    },
  );

  test("terms of a convolution's gradient cancel, but not once they are scaled", () => {
    const model = modelOf("cnn");
    const at = (row: number, column: number) => (row * 5 + column) * 16 * 32;
    const large = new Map([
      [at(0, 0), 9_234_567],
      [at(0, 1), 5_345_679],
      [at(1, 0), -9_234_567 - 5_345_679],
    ]);
    // The first channel: 1 after both convolutions, and logits of 64 and -64.
    const weights = [
      () => 0,
      (i: number) => Number(i === 0),
      (i: number) => 2 ** 60 * (large.get(i) ?? 0),
      (i: number) => Number(i === 0),
      (i: number) => [64, -64][i] ?? 0,
      () => 0,
    ];
    setWeights(model, (tensor, i) => (weights[tensor] as (i: number) => number)(i));
    for (let clipNorm = 1; clipNorm <= 20; clipNorm++) {
      const sum = clippedSum(model, [new Float32Array(256)], [1], clipNorm);
      expect(lengthOf(sum)).toBeLessThanOrEqual(clipNorm);
      expect(lengthOf(sum)).toBeGreaterThan(0.99 * clipNorm);
    }
  });

  test("errors are too large for one example, but not divided among many", () => {
    const model = modelOf("mlp");
    // Logits of 600 and -600, and an error of 6e38 at each of the hidden units.
    setWeights(model, (tensor, at) => [5e-37, 0, at % 3 === 0 ? 3e38 : -3e38, 0][tensor] as number);
    const example = Float32Array.of(1, 1);
    const alone = clippedSum(model, [example], [1], 1);
    const many = clippedSum(model, Array(40).fill(example), Array(40).fill(1), 1);
    expect(lengthOf(many)).toBe(40 * lengthOf(alone));
  });

  test.each([1e-31, 1e31])("a clip norm of %d leaves noise alone", (clipNorm) => {
    for (const kind of KINDS) {
      const model = modelOf(kind);
      setWeights(model, (_, at) => Math.sin(at));
      const sum = clippedSum(model, [new Float32Array(model.inputSize).fill(1)], [1], clipNorm);
      expect(lengthOf(sum)).toBe(0);
    }
  });

  test("a model that keeps of an example what has no noise is refused", () => {
    const [weight, kept] = tf.tidy(() => [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([2]))] as const);
    const model: Differentiable = {
      ...modelOf("mlp"),
      variables: [weight, kept],
      trainable: [weight],
      lossAndGradients(inputs) {
        kept.assign(tf.reshape(inputs, [2]));
        return { loss: 0, gradients: [tf.onesLike(weight)] };
      },
    };
    const { clippedGradients: _, ...slow } = model;
    expect(() => clippedSum(slow, [Float32Array.of(1, 2)], [1], 1)).toThrow(
      expect.objectContaining({ code: "PRIVACY_UNSUPPORTED" }),
    );
    tf.dispose([weight, kept]);
  });
});

test("cnn: a sum of more examples than are measured at once is that of a loop over plain gradients, to 1e-5", () => {
  const model = modelOf("cnn");
  const random = seededRandom(new Uint8Array(32).fill(2));
  setWeights(model, () => 0.6 * random.uniform() - 0.28);
  const inputs = Array.from({ length: 40 }, () => Float32Array.from({ length: 256 }, () => random.uniform()));
  const labels = inputs.map((_, i) => i % 3);
  const gradients = inputs.map((input, i) =>
    coordinates(() => {
      const row = tf.tensor2d(input, [1, model.inputSize]);
      return model.lossAndGradients(row, Int32Array.of(labels[i] as number)).gradients;
    }),
  );
  const clipNorm = gradients.map(lengthOf).sort((a, b) => a - b)[20] as number;
  const expected = new Float64Array(gradients[0]?.length ?? 0);
  for (const gradient of gradients) {
    const factor = Math.min(1, clipNorm / lengthOf(gradient));
    gradient.forEach((value, at) => {
      expected[at] = (expected[at] as number) + factor * value;
    });
  }
  const sum = clippedSum(model, inputs, labels, clipNorm);
  expect(lengthOf(sum.map((value, at) => value - (expected[at] as number)))).toBeLessThan(1e-5 * lengthOf(expected));
});
