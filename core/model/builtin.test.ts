import { expect, test } from "vitest";
import type { BuiltinModel } from "../plan.ts";
import { payloadDigest } from "../tensors/digest.ts";
import { numCoordinates, viewTensors } from "../tensors/schema.ts";
import { builtinSchema, initialWeights } from "./builtin.ts";
import { glorotWeights } from "./initial-weights.ts";

const softmax = { builtin: "softmax", inputs: 784, classes: 10, bias: true } as const;
const mlp = { builtin: "mlp", inputs: 784, hidden: 64, classes: 10 } as const;

test("softmax has one kernel, and a bias unless the plan says none", () => {
  expect(builtinSchema(softmax)).toEqual([
    { name: "output/kernel", shape: [784, 10] },
    { name: "output/bias", shape: [10] },
  ]);
  expect(numCoordinates(builtinSchema({ ...softmax, bias: false }))).toBe(7840);
});

test("mlp has 784 * 64 + 64 + 64 * 10 + 10 = 50,890 weights", () => {
  expect(numCoordinates(builtinSchema(mlp))).toBe(50_890);
});

test("cnn on MNIST has 18,378 weights: 28 - 4 = 24, halved 12, - 4 = 8, halved 4, and 4 x 4 x 32 features", () => {
  const cnn = { builtin: "cnn", inputs: 784, channels: 1, classes: 10 } as const;
  expect(numCoordinates(builtinSchema(cnn))).toBe(25 * 16 + 16 + 25 * 16 * 32 + 32 + 512 * 10 + 10);
  const colour = { builtin: "cnn", inputs: 3 * 16 * 16, channels: 3, classes: 2 } as const;
  expect(builtinSchema(colour).find((it) => it.name === "output/kernel")?.shape).toEqual([32, 2]);
});

test("kernels start within the Glorot bound and fill it; biases start at 0", () => {
  for (const { spec, values } of viewTensors(builtinSchema(mlp), initialWeights(mlp, 1))) {
    const bound = spec.shape.length === 2 ? Math.sqrt(6 / (Number(spec.shape[0]) + Number(spec.shape[1]))) : 0;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThanOrEqual(bound * 0.98);
  }
});

test("a range in the plan takes Glorot's place, for vectors too", () => {
  const model = { ...softmax, initialRange: [0.5, 0.75] } satisfies BuiltinModel;
  const weights = initialWeights(model, 3);
  expect(weights).toHaveLength(7850);
  expect(weights.reduce((least, value) => Math.min(least, value))).toBeCloseTo(0.5, 3);
  expect(weights.reduce((most, value) => Math.max(most, value))).toBeCloseTo(0.75, 3);
  expect(weights).not.toEqual(initialWeights(model, 4));
});

test("the seed fixes every bit of the initial weights, on every machine", () => {
  expect(payloadDigest(initialWeights(softmax, 7))).toBe(payloadDigest(initialWeights(softmax, 7)));
  expect(payloadDigest(initialWeights(softmax, 7))).not.toBe(payloadDigest(initialWeights(softmax, 8)));
  expect(payloadDigest(initialWeights(softmax, 7))).toBe(
    "177289c65e39521eb1ad584e9b518841859be651520e64ff9fcf0675d8f0f169",
  );
});

test("scales start at 1; a filter's fans count its receptive field", () => {
  const schema = [
    { name: "norm/gamma", shape: [3] },
    { name: "norm/moving_mean", shape: [3] },
    { name: "norm/moving_variance", shape: [3] },
    { name: "conv/kernel", shape: [5, 5, 8, 16] },
  ];
  const weights = glorotWeights(schema, 0);
  expect([...weights.subarray(0, 9)]).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1]);
  const largest = weights.subarray(9).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeCloseTo(Math.sqrt(6 / (25 * (8 + 16))), 3);
});
