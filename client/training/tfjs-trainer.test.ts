import { expect, test } from "vitest";
import { byteDataset } from "../../core/data/dataset.ts";
import type { JobId } from "../../core/ids.ts";
import { builtinSchema, initialWeights } from "../../core/model/builtin.ts";
import { type Plan, planSchema } from "../../core/plan.ts";
import { payloadDigest } from "../../core/tensors/digest.ts";
import { tfjsTrainer } from "./tfjs-trainer.ts";
import type { TrainingTask } from "./trainer.ts";

const model = { builtin: "mlp", inputs: 4, hidden: 3, classes: 2 } as const;
const dataset = byteDataset(
  Uint8Array.from({ length: 40 }, (_, i) => (i * 53) % 256),
  Uint8Array.from({ length: 10 }, (_, i) => i % 2),
  [2, 2],
);

function taskOf(changes: Partial<TrainingTask> = {}, privacy: unknown = { mode: "none" }): TrainingTask {
  const plan: Plan = planSchema.parse({
    job: "test",
    model,
    rounds: 1,
    round: { quorum: 1, minUpdates: 1 },
    local: { steps: 12, batchSize: 4, learningRate: 0.5, momentum: 0.9 },
    aggregation: { rule: { name: "FedAvg" }, numByzantine: 0 },
    privacy,
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
    ...changes,
  };
}

test("the update is local minus base, the base model untouched; the same task gives the same bits", async () => {
  const trainer = await tfjsTrainer({ dataset });
  const task = taskOf();
  const { delta, numExamples, metrics } = await trainer.train(task);
  expect(delta).toHaveLength(4 * 3 + 3 + 3 * 2 + 2);
  expect(delta.some((it) => it !== 0)).toBe(true);
  expect(task.baseModel).toEqual(initialWeights(model, 1));
  expect(numExamples).toBe(10);
  expect(metrics["loss"]).toBeGreaterThan(0);

  expect(payloadDigest((await trainer.train(taskOf())).delta)).toBe(payloadDigest(delta));
  const otherSeed = await trainer.train(taskOf({ batchSeed: new Uint8Array(32).fill(2) }));
  expect(otherSeed.delta).not.toEqual(delta);
  await trainer.close();
});

test("under central differential privacy the number of examples is not told", async () => {
  const central = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10 };
  const trainer = await tfjsTrainer({ dataset });
  expect((await trainer.train(taskOf({}, central))).numExamples).toBe(0);
});

test("progress is told after each step", async () => {
  const told: [number, number][] = [];
  const trainer = await tfjsTrainer({ dataset });
  await trainer.train(taskOf({ progress: (done, total) => told.push([done, total]) }));
  expect(told).toEqual(Array.from({ length: 12 }, (_, i) => [i + 1, 12]));
});

test("an abort, and data of another shape, are TRAINER_FAILED with the reason", async () => {
  const trainer = await tfjsTrainer({ dataset });
  const aborted = trainer.train(taskOf({ signal: AbortSignal.abort(new Error("round cancelled")) }));
  await expect(aborted).rejects.toMatchObject({ code: "TRAINER_FAILED", message: "round cancelled" });

  const wide = await tfjsTrainer({ dataset: byteDataset(new Uint8Array(9), Uint8Array.of(0), [3, 3]) });
  await expect(wide.train(taskOf())).rejects.toMatchObject({ code: "TRAINER_FAILED" });
  await expect(wide.train(taskOf())).rejects.toThrow("3 x 3 = 9 values");
});
