import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { Batch } from "../data/dataset.ts";
import type { BuiltinModel } from "../plan.ts";
import { seededRandom } from "../random/seeded.ts";
import { numCoordinates, viewTensors } from "../tensors/schema.ts";
import { startBackend } from "./backends.ts";
import { builtinSchema, initialWeights } from "./builtin.ts";
import { openNetwork } from "./network.ts";
import { tf } from "./tensorflow.ts";

const MLP = { builtin: "mlp", inputs: 5, hidden: 4, classes: 3 } as const;
const SOFTMAX = { builtin: "softmax", inputs: 5, classes: 3, bias: true } as const;
const NO_BIAS = { ...SOFTMAX, bias: false } as const;

afterEach(() => {
  vi.unstubAllEnvs();
});

function randomBatch(seed: number, numExamples: number, inputSize = 5, numClasses = 3): Batch {
  const random = seededRandom(new Uint8Array(32).fill(seed));
  return {
    inputs: Float32Array.from({ length: numExamples * inputSize }, () => random.uniform()),
    labels: Int32Array.from({ length: numExamples }, () => Math.floor(random.uniform() * numClasses)),
  };
}

/** Mean cross-entropy in float64, written independently of the code under test. */
function lossAt(model: BuiltinModel, weights: Float64Array, { inputs, labels }: Batch): number {
  let offset = 0;
  const tensors = builtinSchema(model).map(({ shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    offset += length;
    return { shape, values: weights.subarray(offset - length, offset) };
  });
  const kernels = tensors.filter((it) => it.shape.length === 2);
  const biases = tensors.filter((it) => it.shape.length === 1);
  let sum = 0;
  labels.forEach((label, row) => {
    let a = [...inputs.subarray(row * model.inputs, (row + 1) * model.inputs)];
    kernels.forEach(({ shape, values }, layer) => {
      const numOutputs = shape[1] as number;
      a = Array.from({ length: numOutputs }, (_, j) => {
        const z = a.reduce(
          (total, x, i) => total + x * (values[i * numOutputs + j] as number),
          biases[layer]?.values[j] ?? 0,
        );
        return layer < kernels.length - 1 ? Math.max(z, 0) : z;
      });
    });
    sum += Math.log(a.reduce((total, z) => total + Math.exp(z), 0)) - (a[label] as number);
  });
  return sum / labels.length;
}

async function gradientByStep(model: BuiltinModel, weights: Float32Array, batch: Batch): Promise<Float32Array> {
  const network = await openNetwork(model, undefined);
  network.setWeights(weights);
  network.step(batch, { learningRate: 1, momentum: 0 });
  const after = network.weights();
  network.dispose();
  return weights.map((weight, i) => weight - (after[i] as number));
}

test.each([SOFTMAX, NO_BIAS, MLP])(
  "gradients of %o are those of central differences in float64, to 1e-5",
  async (model) => {
    const weights = initialWeights(model, 3);
    const batch = randomBatch(1, 6);
    const gradient = await gradientByStep(model, weights, batch);
    const h = 1e-6;
    gradient.forEach((value, i) => {
      const [up, down] = [h, -h].map((step) => {
        const moved = Float64Array.from(weights);
        moved[i] = (moved[i] as number) + step;
        return lossAt(model, moved, batch);
      }) as [number, number];
      expect(Math.abs(value - (up - down) / (2 * h))).toBeLessThan(1e-5);
    });
  },
);

test("the loss a step reports is the batch's, before the step", async () => {
  const network = await openNetwork(MLP, undefined);
  const weights = initialWeights(MLP, 3);
  network.setWeights(weights);
  const batch = randomBatch(1, 6);
  const loss = network.step(batch, { learningRate: 0.1, momentum: 0 });
  expect(loss).toBeCloseTo(lossAt(MLP, Float64Array.from(weights), batch), 6);
  network.dispose();
});

test("momentum, worked by hand on one constant gradient: steps of g, then (1 + m) g", async () => {
  // Zero inputs reach the biases only, and a learning rate of 1e-6 leaves their gradient as it was.
  const network = await openNetwork(SOFTMAX, undefined);
  network.setWeights(new Float32Array(18));
  const batch = { inputs: new Float32Array(5), labels: Int32Array.of(0) };
  network.step(batch, { learningRate: 1e-6, momentum: 0.9 });
  const first = network.weights()[15] as number;
  network.step(batch, { learningRate: 1e-6, momentum: 0.9 });
  const second = (network.weights()[15] as number) - first;
  expect(first).toBeCloseTo(1e-6 * (2 / 3), 10);
  expect(second / first).toBeCloseTo(1.9, 4);
  network.dispose();
});

test("a new round forgets the momentum of the last", async () => {
  const network = await openNetwork(MLP, undefined);
  const settings = { learningRate: 0.1, momentum: 0.9 };
  const round = () => {
    network.setWeights(initialWeights(MLP, 3));
    for (let i = 0; i < 5; i++) network.step(randomBatch(i, 6), settings);
    return network.weights();
  };
  expect(round()).toEqual(round());
  network.dispose();
});

test("weights come back bit for bit, and the caller's array is neither kept nor changed", async () => {
  for (const backend of ["wasm", "cpu"]) {
    vi.stubEnv("HOLDFAST_BACKEND", backend);
    const network = await openNetwork(MLP, undefined);
    const given = initialWeights(MLP, 5);
    network.setWeights(given);
    given.fill(7);
    expect(network.weights()).toEqual(initialWeights(MLP, 5));
    network.step(randomBatch(1, 6), { learningRate: 1, momentum: 0.5 });
    expect(given.every((it) => it === 7)).toBe(true);
    network.dispose();
  }
});

test("a vector of the wrong length is refused", async () => {
  const network = await openNetwork(MLP, undefined);
  expect(() => network.setWeights(new Float32Array(3))).toThrow(expect.objectContaining({ code: "SCHEMA_MISMATCH" }));
  network.dispose();
});

test("WebAssembly and plain JavaScript agree to 1e-5 on shapes and batches of every size", async () => {
  const sizes = fc.integer({ min: 1, max: 9 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      sizes,
      fc.integer({ min: 2, max: 9 }),
      sizes,
      async (inputs, hidden, classes, numExamples) => {
        const model = { builtin: "mlp", inputs, hidden, classes } as const;
        const weights = initialWeights(model, inputs);
        const batch = randomBatch(hidden, numExamples, inputs, classes);
        const [wasm, cpu] = [[], []] as number[][];
        for (const [backend, into] of [
          ["wasm", wasm],
          ["cpu", cpu],
        ] as const) {
          vi.stubEnv("HOLDFAST_BACKEND", backend);
          into?.push(...(await gradientByStep(model, weights, batch)));
        }
        wasm?.forEach((value, i) => {
          expect(Math.abs(value - (cpu?.[i] as number))).toBeLessThan(1e-5);
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("a hundred steps and evaluations leave no tensor behind; dispose leaves none at all", async () => {
  await startBackend();
  const before = tf.memory().numTensors;
  const network = await openNetwork(MLP, undefined);
  network.setWeights(initialWeights(MLP, 3));
  const opened = tf.memory();
  for (let i = 0; i < 100; i++) {
    network.step(randomBatch(i, 6), { learningRate: 0.1, momentum: 0.9 });
    network.logits(randomBatch(i, 6).inputs);
  }
  network.setWeights(network.weights());
  expect(tf.memory()).toMatchObject({ numTensors: opened.numTensors, numDataBuffers: opened.numDataBuffers });
  network.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("logits are in schema order, one row per example", async () => {
  const network = await openNetwork(SOFTMAX, undefined);
  const weights = new Float32Array(numCoordinates(builtinSchema(SOFTMAX)));
  const [kernel, bias] = viewTensors(builtinSchema(SOFTMAX), weights);
  kernel?.values.set([1, 2, 3]);
  bias?.values.set([10, 20, 30]);
  network.setWeights(weights);
  expect([...network.logits(Float32Array.of(1, 0, 0, 0, 0, 2, 0, 0, 0, 0))]).toEqual([11, 22, 33, 12, 24, 36]);
  network.dispose();
});
