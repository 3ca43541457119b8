import { describe, expect, test } from "vitest";
import { byteDataset } from "../../core/data/dataset.ts";
import type { JobId } from "../../core/ids.ts";
import { builtinSchema, initialWeights } from "../../core/model/builtin.ts";
import { initialLayersWeights, modelSchema } from "../../core/model/layers-model.ts";
import { type Plan, planSchema } from "../../core/plan.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { payloadDigest } from "../../core/tensors/digest.ts";
import { norm } from "../../core/vector/norms.ts";
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

describe("under example-level privacy", () => {
  const example = { mode: "example", clipNorm: 1, noiseMultiplier: 1, sampleRate: 0.5, delta: 1e-5, maxEpsilon: 10 };
  const layer = (class_name: string, name: string, config: object = {}) => ({
    class_name,
    config: { name, ...config },
  });
  const layersTask = async (...layers: unknown[]) => {
    const task = taskOf({}, example);
    const modelTopology = { class_name: "Sequential", config: { name: "model", layers } };
    const plan = { ...task.plan, model: { layers: "0".repeat(64) } };
    const topology = Buffer.from(JSON.stringify({ modelTopology }));
    const schema = await modelSchema(plan.model, topology);
    return { ...task, plan, topology, schema, baseModel: initialLayersWeights(schema, 1) };
  };

  test("it trains by DP-SGD, says so, and tells neither a loss nor how many examples there are", async () => {
    const { delta, ...told } = await (await tfjsTrainer({ dataset })).train(taskOf({}, example));
    expect(told).toEqual({
      numExamples: 0,
      metrics: {},
      examplePrivacy: { clipNorm: 1, noiseMultiplier: 1, sampleRate: 0.5, steps: 12 },
    });
    // 12 steps of rate 0.5 along noise of 1 over 5 expected examples, with momentum up to 10 times that
    expect(norm(delta)).toBeGreaterThan(0.5);
    expect(norm(delta)).toBeLessThan(50);
  });

  test("its samples and noise are no function of the task; a simulation may seed them", async () => {
    const secret = await tfjsTrainer({ dataset });
    expect((await secret.train(taskOf({}, example))).delta).not.toEqual(
      (await secret.train(taskOf({}, example))).delta,
    );
    const seeded = async () => {
      const trainer = await tfjsTrainer({ dataset, random: seededRandom(new Uint8Array(32)) });
      return (await trainer.train(taskOf({}, example))).delta;
    };
    expect(await seeded()).toEqual(await seeded());
  });

  test("noise moves every weight, also those no example reaches", async () => {
    const dark = byteDataset(new Uint8Array(40), new Uint8Array(10), [2, 2]);
    const { delta } = await (await tfjsTrainer({ dataset: dark })).train(taskOf({}, example));
    expect(delta.every((it) => it !== 0)).toBe(true);
  });

  test("a delta above one in the number of its examples is refused, without telling how many there are", async () => {
    const trainer = await tfjsTrainer({ dataset });
    await expect(trainer.train(taskOf({}, { ...example, delta: 0.1 }))).resolves.toHaveProperty("examplePrivacy");
    const refused = trainer.train(taskOf({}, { ...example, delta: 0.101 }));
    await expect(refused).rejects.toMatchObject({
      code: "PRIVACY_UNSUPPORTED",
      message: expect.not.stringMatching(/\b10\b/),
    });
  });

  test("a model that mixes examples is not trained at all", async () => {
    const trainer = await tfjsTrainer({ dataset });
    const normalised = await layersTask(
      layer("Dense", "hidden", { units: 3, batch_input_shape: [null, 4] }),
      layer("BatchNormalization", "normal"),
      layer("Dense", "output", { units: 2 }),
    );
    await expect(trainer.train(normalised)).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  });
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
