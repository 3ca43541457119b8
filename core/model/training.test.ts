import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDataset } from "../data/data-files.ts";
import { writeIdxImages, writeIdxLabels } from "../data/idx.ts";
import { initialWeights } from "./builtin.ts";
import { openNetwork } from "./network.ts";
import { train } from "./train.ts";
import { type Training, trainingThread } from "./training.ts";

const model = { builtin: "softmax", inputs: 4, classes: 2, bias: true } as const;
const never = new AbortController().signal;
let folder: string;
let training: Training;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-training-"));
  const files = { images: join(folder, "images"), labels: join(folder, "labels") };
  const pixels = Uint8Array.from({ length: 4 * 30 }, (_, i) => (i * 37) % 256);
  await writeIdxImages(files.images, pixels, [2, 2]);
  await writeIdxLabels(
    files.labels,
    Uint8Array.from({ length: 30 }, (_, i) => i % 2),
  );
  const local = { steps: 5, batchSize: 8, learningRate: 0.1, momentum: 0.9 };
  const base = initialWeights(model, 3);
  training = { model, topology: undefined, files, local, batchSeed: new Uint8Array(32).fill(7), base };
});
afterAll(() => rm(folder, { recursive: true }));

test("a thread trains as this one does, to the bit, a second time as well, and leaves the base with the caller", async () => {
  const network = await openNetwork(model, undefined);
  const dataset = await readDataset(training.files);
  const thread = trainingThread();
  for (const batchSeed of [training.batchSeed, new Uint8Array(32).fill(8)]) {
    network.setWeights(training.base);
    await train(network, dataset, { local: training.local, batchSeed, signal: never });
    const here = network.weights().map((value, i) => value - (training.base[i] as number));
    expect(await thread.train({ ...training, batchSeed }, never)).toEqual(here);
  }
  network.dispose();
  thread.close();
  expect(training.base).toEqual(initialWeights(model, 3));
});

test("a thread keeps the dataset that it has read, and reads another one", async () => {
  const moved = await mkdtemp(join(tmpdir(), "holdfast-training-"));
  const files = { images: join(moved, "images"), labels: join(moved, "labels") };
  const thread = trainingThread();
  await copyFile((training.files as typeof files).images, files.images);
  await copyFile((training.files as typeof files).labels, files.labels);
  const delta = await thread.train({ ...training, files }, never);
  await rm(moved, { recursive: true });
  expect(await thread.train({ ...training, files }, never)).toEqual(delta);
  const nowhere = { ...files, images: join(folder, "nowhere") };
  await expect(thread.train({ ...training, files: nowhere }, never)).rejects.toMatchObject({ code: "FILE_MISSING" });
  thread.close();
});

test("what goes wrong in the thread arrives with its code, a stopped one rejects, and the next takes its place", async () => {
  const thread = trainingThread();
  const lost = { ...training, files: { images: join(folder, "nowhere"), labels: join(folder, "labels") } };
  await expect(thread.train(lost, never)).rejects.toMatchObject({ code: "FILE_MISSING" });
  const stopped = new AbortController();
  const running = thread.train(training, stopped.signal);
  stopped.abort();
  await expect(running).rejects.toMatchObject({ code: "TRAINER_FAILED" });
  await expect(thread.train(training, stopped.signal)).rejects.toThrow();
  expect(await thread.train(training, never)).toHaveLength(training.base.length);
  thread.close();
});
