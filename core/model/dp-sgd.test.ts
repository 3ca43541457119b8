import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, byteDataset } from "../data/dataset.ts";
import type { BuiltinModel, Plan } from "../plan.ts";
import { seededRandom } from "../random/seeded.ts";
import { initialWeights } from "./builtin.ts";
import { trainPrivately } from "./dp-sgd.ts";
import { initialLayersWeights, modelSchema } from "./layers-model.ts";
import { type Network, openNetwork } from "./network.ts";

const SOFTMAX = { builtin: "softmax", inputs: 24, classes: 3, bias: true } as const;
const NO_BIAS = { ...SOFTMAX, bias: false } as const;
const MLP = { builtin: "mlp", inputs: 24, hidden: 6, classes: 3 } as const;
const LAYERS = { layers: "0".repeat(64) };

const layer = (class_name: string, name: string, config: object = {}) => ({ class_name, config: { name, ...config } });
const sequential = (...layers: unknown[]) =>
  Buffer.from(JSON.stringify({ modelTopology: { class_name: "Sequential", config: { name: "model", layers } } }));
const CONVOLUTION = sequential(
  layer("Conv2D", "conv", { filters: 3, kernel_size: [2, 2], batch_input_shape: [null, 4, 3, 2] }),
  layer("Flatten", "flat"),
  layer("Dense", "output", { units: 3, activation: "softmax" }),
);

interface Case {
  readonly model: Plan["model"];
  readonly topology?: Buffer;
}
const CASES: [string, Case][] = [
  ["softmax", { model: SOFTMAX }],
  ["softmax without a bias", { model: NO_BIAS }],
  ["mlp", { model: MLP }],
  ["a convolution", { model: LAYERS, topology: CONVOLUTION }],
];
const CNN = { builtin: "cnn", inputs: 256, channels: 1, classes: 3 } as const;

async function opened({ model, topology }: Case): Promise<{ network: Network; weights: Float32Array }> {
  const network = await openNetwork(model, topology);
  const weights =
    "builtin" in model
      ? initialWeights(model as BuiltinModel, 3)
      : initialLayersWeights(await modelSchema(model, topology), 3);
  return { network, weights: weights.map((it) => 3 * it) };
}

function batchOf(numExamples: number, inputSize = 24): Batch {
  const random = seededRandom(new Uint8Array(32).fill(1));
  return {
    inputs: Float32Array.from({ length: numExamples * inputSize }, () => random.uniform()),
    labels: Int32Array.from({ length: numExamples }, () => Math.floor(random.uniform() * 3)),
  };
}

function rowsOf({ inputs, labels }: Batch, rows: readonly number[]): Batch {
  const size = inputs.length / labels.length;
  return {
    inputs: Float32Array.from(rows.flatMap((row) => [...inputs.subarray(row * size, (row + 1) * size)])),
    labels: Int32Array.from(rows, (row) => labels[row] as number),
  };
}

/** Of the gradients of the examples, one by one and rising. */
function normsOf(network: Network, weights: Float32Array, batch: Batch): number[] {
  const norms = [...batch.labels.keys()].map((i) => lengthOf(gradientOf(network, weights, rowsOf(batch, [i]))));
  return norms.sort((a, b) => a - b);
}

/** By a plain step of its own. */
function gradientOf(network: Network, weights: Float32Array, example: Batch): Float64Array {
  network.setWeights(weights);
  network.step(example, { learningRate: 1, momentum: 0 });
  const after = network.weights();
  return Float64Array.from(weights, (weight, i) => weight - (after[i] as number));
}

const lengthOf = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, it) => sum + it * it, 0));

/** The sum of clipped gradients, as a plain loop over the examples makes it. */
function loop(network: Network, weights: Float32Array, batch: Batch, clipNorm: number): Float64Array {
  const sum = new Float64Array(weights.length);
  for (const i of batch.labels.keys()) {
    const gradient = gradientOf(network, weights, rowsOf(batch, [i]));
    const factor = Math.min(1, clipNorm / lengthOf(gradient));
    gradient.forEach((value, j) => {
      sum[j] = (sum[j] as number) + factor * value;
    });
  }
  return sum;
}

const STEP = { learningRate: 1, momentum: 0, expectedBatchSize: 1, noise: (count: number) => new Float32Array(count) };

/** What one private step without noise subtracts from the weights. */
function privateSum(network: Network, weights: Float32Array, batch: Batch, clipNorm: number): Float64Array {
  network.setWeights(weights);
  network.privateStep(batch, { ...STEP, clipNorm });
  const after = network.weights();
  return Float64Array.from(weights, (weight, i) => weight - (after[i] as number));
}

function expectClose(actual: Float64Array, expected: Float64Array, tolerance = 1e-5): void {
  const off = actual.map((value, i) => Math.abs(value - (expected[i] as number)));
  expect(Math.max(...off)).toBeLessThan(tolerance);
}

describe("the gradient of a private step", () => {
  test.each(CASES)("%s: is that of a loop over the examples, to 1e-5", async (_name, about) => {
    const { network, weights } = await opened(about);
    const batch = batchOf(9);
    const middle = normsOf(network, weights, batch)[4] as number;
    for (const clipNorm of [middle, middle / 50, middle * 50]) {
      expectClose(privateSum(network, weights, batch, clipNorm), loop(network, weights, batch, clipNorm));
    }
    network.dispose();
  });

  test("cnn: is that of a loop over the examples, to 1e-5 of the clip norm", async () => {
    const { network, weights } = await opened({ model: CNN });
    const batch = batchOf(5, 256);
    const middle = normsOf(network, weights, batch)[2] as number;
    for (const clipNorm of [middle, middle / 50, middle * 50]) {
      const sum = privateSum(network, weights, batch, clipNorm);
      expectClose(sum, loop(network, weights, batch, clipNorm), 1e-5 * Math.max(1, clipNorm));
    }
    network.dispose();
  });

  test("divides by what is expected, adds the noise to the sum, and goes on with momentum", async () => {
    const { network, weights } = await opened({ model: SOFTMAX });
    const batch = batchOf(4);
    const sum = privateSum(network, weights, batch, 0.1);
    const noise = Float64Array.from(weights, (_, i) => Math.sin(i));
    let drawn = 0;
    const draw = (count: number) => Float32Array.from({ length: count }, () => Math.sin(drawn++));
    network.setWeights(weights);
    const settings = { clipNorm: 0.1, expectedBatchSize: 8, learningRate: 0.5, momentum: 0.9 };
    network.privateStep(batch, { ...settings, noise: draw });
    const after = network.weights();
    expect(drawn).toBe(weights.length);
    const moved = Float64Array.from(weights, (weight, i) => weight - (after[i] as number));
    expectClose(
      moved,
      sum.map((value, i) => (0.5 * (value + (noise[i] as number))) / 8),
    );

    network.privateStep({ inputs: new Float32Array(0), labels: new Int32Array(0) }, { ...settings, noise: STEP.noise });
    const again = network.weights();
    expectClose(
      Float64Array.from(after, (weight, i) => weight - (again[i] as number)),
      moved.map((it) => 0.9 * it),
    );
    network.dispose();
  });

  test.each(CASES)("%s: an empty batch is noise alone", async (_name, about) => {
    const { network, weights } = await opened(about);
    const moved = privateSum(network, weights, { inputs: new Float32Array(0), labels: new Int32Array(0) }, 1);
    expect(moved.every((it) => it === 0)).toBe(true);
    network.dispose();
  });

  test.each(CASES)(
    "%s: no example moves the sum by more than the clip norm, however it tries",
    async (_name, about) => {
      const { network, weights } = await opened(about);
      const batch = batchOf(5);
      const hostile = fc.record({
        scale: fc.constantFrom(0, 1e-20, 1, 1e3, 1e10, 1e18, 3e38, NaN, Infinity, -1e5),
        label: fc.integer({ min: 0, max: 2 }),
        clipNorm: fc.constantFrom(1e-3, 0.1, 1),
      });
      const zero = new Float32Array(weights.length);
      fc.assert(
        fc.property(hostile, ({ scale, label, clipNorm }) => {
          const worse = { inputs: batch.inputs.slice(), labels: batch.labels.slice() };
          worse.inputs.set(
            batch.inputs.subarray(0, 24).map((it) => it * scale),
            48,
          );
          worse.labels[2] = label;
          const without = rowsOf(batch, [0, 1, 3, 4]);
          for (const at of [weights, zero]) {
            const rest = privateSum(network, at, without, clipNorm);
            const difference = privateSum(network, at, worse, clipNorm).map((value, i) => value - (rest[i] as number));
            // the weights round what is subtracted from them
            expect(lengthOf(difference)).toBeLessThanOrEqual(clipNorm + 2e-6);
          }
        }),
        { numRuns: 8 },
      );
      network.dispose();
    },
  );

  test("a model that diverged moves by nothing but noise", async () => {
    const { network, weights } = await opened({ model: MLP });
    const wild = weights.map(() => 3e38);
    network.setWeights(wild);
    network.privateStep(batchOf(3), { ...STEP, clipNorm: 1 });
    expect(network.weights()).toEqual(wild);
    network.dispose();
  });
});

describe("private training", () => {
  const dataset = byteDataset(
    Uint8Array.from({ length: 24 * 60 }, (_, i) => (Math.floor(i / 24) % 3 === i % 3 ? 255 : 0)),
    Uint8Array.from({ length: 60 }, (_, i) => i % 3),
    [24],
  );
  const local = { learningRate: 0.5, momentum: 0.5 };
  const mechanism = { clipNorm: 1, noiseMultiplier: 0.5, sampleRate: 0.5, steps: 40 };
  const run = (fill: number) => ({
    mechanism,
    local,
    random: seededRandom(new Uint8Array(32).fill(fill)),
    signal: new AbortController().signal,
  });

  async function trained(fill: number, changes: Partial<Parameters<typeof trainPrivately>[2]> = {}) {
    const { network, weights } = await opened({ model: SOFTMAX });
    network.setWeights(weights);
    await trainPrivately(network, dataset, { ...run(fill), ...changes });
    const after = network.weights();
    const { inputs, labels } = dataset.batch(Uint32Array.from({ length: 60 }, (_, i) => i));
    const logits = network.logits(inputs);
    network.dispose();
    const correct = labels.filter((label, i) => {
      const scores = [...logits.subarray(3 * i, 3 * i + 3)];
      return scores.indexOf(Math.max(...scores)) === label;
    });
    return { moved: after.map((it, i) => it - (weights[i] as number)), accuracy: correct.length / 60 };
  }

  test("learns through the noise, and never twice the same but from one seed", async () => {
    const first = await trained(1);
    expect(first.accuracy).toBeGreaterThan(0.9);
    expect((await trained(1)).moved).toEqual(first.moved);
    expect((await trained(2)).moved).not.toEqual(first.moved);
  });

  test.each([0.5, 1, 3])(
    "noise of multiplier %d has standard deviation multiplier * clipNorm / expected",
    async (z) => {
      const still = { learningRate: 1, momentum: 0 };
      const one = { clipNorm: 1e-3, noiseMultiplier: z, sampleRate: 1e-12, steps: 1 };
      const samples: number[] = [];
      for (let seed = 0; seed < 60; seed++) {
        const { moved } = await trained(seed, { mechanism: one, local: still });
        samples.push(...moved.map((it) => it * 60 * 1e-12));
      }
      const stdDev = lengthOf(samples) / Math.sqrt(samples.length);
      expect(Math.abs(stdDev / (z * 1e-3) - 1)).toBeLessThan(5 / Math.sqrt(2 * samples.length));
    },
  );

  test("tells its progress, and stops between two steps", async () => {
    const stop = new AbortController();
    const told: number[] = [];
    const progress = (done: number) => {
      told.push(done);
      if (done === 3) stop.abort(new Error("round cancelled"));
    };
    await expect(trained(1, { signal: stop.signal, progress })).rejects.toThrow("round cancelled");
    expect(told).toEqual([1, 2, 3]);
  });

  test("data of another shape are refused", async () => {
    const { network } = await opened({ model: SOFTMAX });
    const wide = byteDataset(new Uint8Array(9), Uint8Array.of(0), [3, 3]);
    await expect(trainPrivately(network, wide, run(1))).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
    network.dispose();
  });
});
