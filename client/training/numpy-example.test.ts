import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIdxDataset, writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import type { JobId } from "../../core/ids.ts";
import { builtinSchema, initialWeights } from "../../core/model/builtin.ts";
import { planSchema } from "../../core/plan.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { commandTrainer } from "./command-trainer.ts";
import { tfjsTrainer } from "./tfjs-trainer.ts";
import type { TrainingTask } from "./trainer.ts";

const python = ["/usr/bin/python3", "python3"].find((it) => spawnSync(it, ["-c", "import numpy"]).status === 0);

/** The batch holds the whole set, so that the order of the examples makes no difference. */
function taskOf(model: Parameters<typeof builtinSchema>[0]): TrainingTask {
  const plan = planSchema.parse({
    job: "test",
    model,
    rounds: 1,
    round: { quorum: 1, minUpdates: 1 },
    local: { steps: 10, batchSize: 64, learningRate: 0.5, momentum: 0.9 },
    aggregation: { rule: { name: "FedAvg" }, numByzantine: 0 },
  });
  return {
    jobId: "0".repeat(32) as JobId,
    round: 1,
    attempt: 1,
    plan,
    topology: undefined,
    schema: builtinSchema(model),
    baseModel: initialWeights(model, 1),
    batchSeed: new Uint8Array(32).fill(1),
    signal: new AbortController().signal,
  };
}

describe.skipIf(python === undefined)("docs/examples/numpy-trainer", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-numpy-"));
    const pixels = seededRandom(new Uint8Array(32)).bytes(40 * 12);
    await writeIdxImages(join(folder, "images"), pixels, [3, 4]);
    await writeIdxLabels(
      join(folder, "labels"),
      Uint8Array.from({ length: 40 }, (_, i) => i % 3),
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    { builtin: "softmax", inputs: 12, classes: 3, bias: true } as const,
    { builtin: "softmax", inputs: 12, classes: 3, bias: false } as const,
    { builtin: "mlp", inputs: 12, hidden: 8, classes: 3 } as const,
  ])("computes the update that TensorFlow.js computes, to 1e-4: %o", async (model) => {
    const [images, labels] = [join(folder, "images"), join(folder, "labels")];
    const command = `${python} docs/examples/numpy-trainer/train.py --images ${images} --labels ${labels}`;
    const numpy = await commandTrainer({ command, workFolder: folder, timeoutMs: 60_000 }).train(taskOf(model));
    const here = await tfjsTrainer({ dataset: await readIdxDataset(images, labels) });
    const expected = await here.train(taskOf(model));
    expect(numpy.numExamples).toBe(40);
    expect(numpy.metrics["loss"]).toBeCloseTo(expected.metrics["loss"] as number, 4);
    numpy.delta.forEach((value, i) => {
      expect(Math.abs(value - (expected.delta[i] as number))).toBeLessThan(1e-4);
    });
  });
});
