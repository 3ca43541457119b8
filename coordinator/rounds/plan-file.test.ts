import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../core/crypto/sha256.ts";
import { datasetDigest, writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import { builtinSchema, initialWeights } from "../../core/model/builtin.ts";
import { planSchema } from "../../core/plan.ts";
import { readPlanFile, resolvePlan } from "./plan-file.ts";

const HEAD = `job: digits
rounds: 2
round: { quorum: 2, minUpdates: 2 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;
const PLAN = `${HEAD}model: { builtin: softmax, inputs: 4, classes: 2 }\n`;
const LAYERS = `${HEAD}model: { layers: model.json }\n`;
const EVALUATED = `${PLAN}evaluation: { dataset: { images: images.idx, labels: labels.idx } }\n`;

const MODEL_JSON = JSON.stringify({
  modelTopology: {
    class_name: "Sequential",
    config: {
      name: "model",
      layers: [
        {
          class_name: "Dense",
          config: { name: "output", units: 2, activation: "softmax", batch_input_shape: [null, 4] },
        },
      ],
    },
  },
});

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-plan-"));
  await writeIdxImages(at("images.idx"), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), [2, 2]);
  await writeIdxLabels(at("labels.idx"), Uint8Array.of(0, 1));
  await writeFile(at("short.idx"), Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 9]));
  await writeFile(at("model.json"), MODEL_JSON);
});
afterAll(() => rm(folder, { recursive: true }));

const resolved = (planYaml: string) => resolvePlan(planYaml, folder);
const planOf = (planBytes: Uint8Array): unknown => JSON.parse(Buffer.from(planBytes).toString());

describe("the agreed plan", () => {
  test("is what was written, with the defaults filled in, and its digest covers them", async () => {
    const { plan, planBytes, planSha256 } = await resolved(PLAN);
    expect(plan).toEqual({
      job: "digits",
      model: { builtin: "softmax", inputs: 4, classes: 2, bias: true },
      rounds: 2,
      seed: 0,
      cohort: { sampling: "full" },
      round: { quorum: 2, minUpdates: 2, graceMs: 2_000, deadlineMs: 60_000, maxAttempts: 5 },
      local: { steps: 20, batchSize: 32, learningRate: 0.05, momentum: 0 },
      aggregation: {
        preAggregators: [],
        rule: { name: "FedAvg" },
        numByzantine: 0,
        weights: "uniform",
        maxExamples: 100_000,
        maxNorm: 1e6,
      },
      privacy: { mode: "none" },
      serverOptimizer: { name: "FedAvg", learningRate: 1 },
    });
    expect(planOf(planBytes)).toEqual(plan);
    expect(planSha256).toBe(sha256(planBytes));
  });

  test("read back by a client is the same plan", async () => {
    const { plan, planBytes } = await resolved(EVALUATED);
    expect(planSchema.parse(planOf(planBytes))).toEqual(plan);
  });

  test("has one digest, however it is written down", async () => {
    const { planSha256 } = await resolved(PLAN);
    const same = [
      PLAN,
      `# a comment\n${PLAN.split("\n").reverse().join("\n")}`,
      PLAN.replaceAll("\n", "\r\n"),
      `${PLAN}seed: 0\nlocal: { momentum: 0, steps: 20 }\nprivacy: { mode: none }\n`,
    ];
    for (const text of same) expect((await resolved(text)).planSha256).toBe(planSha256);
  });

  test.each([
    ["seed: 1"],
    ["local: { steps: 21 }"],
    ["privacy: { mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.001, maxEpsilon: 9 }"],
    ["serverOptimizer: { name: FedAvgM }"],
  ])("with %s has another digest", async (line) => {
    expect((await resolved(`${PLAN}${line}\n`)).planSha256).not.toBe((await resolved(PLAN)).planSha256);
  });
});

describe("a built-in model", () => {
  test("comes with its schema and the weights its seed draws", async () => {
    const model = { builtin: "softmax", inputs: 4, classes: 2, bias: true } as const;
    const plan = await resolved(`${PLAN}seed: 5\n`);
    expect(plan.schema).toEqual(builtinSchema(model));
    expect(plan.initialWeights).toEqual(initialWeights(model, 5));
    expect(plan.topology).toBeUndefined();
  });
});

describe("a Layers model", () => {
  test("is named by the SHA-256 of its model.json, not by its path; its weights are drawn from the seed", async () => {
    const { plan, schema, topology, initialWeights: weights } = await resolved(`${LAYERS}seed: 5\n`);
    expect(plan.model).toEqual({ layers: sha256(MODEL_JSON) });
    expect(Buffer.from(topology ?? []).toString()).toBe(MODEL_JSON);
    expect(schema).toEqual([
      { name: "output/kernel", shape: [4, 2] },
      { name: "output/bias", shape: [2] },
    ]);
    expect(weights).toHaveLength(10);
    expect(new Set(weights.subarray(0, 8)).size).toBe(8);
    expect((await resolved(`${LAYERS}seed: 5\n`)).initialWeights).toEqual(weights);
    expect((await resolved(`${LAYERS}seed: 6\n`)).initialWeights).not.toEqual(weights);
  });

  test("starts from the weights beside it, where there are any", async () => {
    const { modelTopology } = JSON.parse(MODEL_JSON);
    const weights = [
      { name: "output/kernel", shape: [4, 2], dtype: "float32" },
      { name: "output/bias", shape: [2], dtype: "float32" },
    ];
    const values = Float32Array.from({ length: 10 }, (_, i) => i / 4);
    await writeFile(at("weights.bin"), new Uint8Array(values.buffer));
    await writeFile(
      at("trained.json"),
      JSON.stringify({ modelTopology, weightsManifest: [{ paths: ["weights.bin"], weights }] }),
    );
    expect((await resolved(LAYERS.replace("model.json", "trained.json"))).initialWeights).toEqual(values);
  });

  test("that is missing, or is none, is refused", async () => {
    const named = (path: string) => resolved(LAYERS.replace("model.json", path));
    await expect(named("nowhere.json")).rejects.toMatchObject({ code: "FILE_MISSING" });
    await expect(named("labels.idx")).rejects.toMatchObject({ code: "MODEL_FILE_INVALID" });
  });
});

describe("a held-out set", () => {
  test("that the model cannot be evaluated on is refused with both shapes", async () => {
    const wider = EVALUATED.replace("inputs: 4", "inputs: 10");
    await expect(resolved(wider)).rejects.toMatchObject({
      code: "PLAN_INVALID",
      message: expect.stringMatching(/takes 10 values.*has 4/),
    });
  });

  test("is bound by its digest; where it lies stays with the coordinator", async () => {
    const { plan, planBytes, evaluation } = await resolved(EVALUATED);
    expect(evaluation).toEqual({ images: at("images.idx"), labels: at("labels.idx") });
    const datasetSha256 = await datasetDigest(at("images.idx"), at("labels.idx"));
    expect(plan.evaluation).toEqual({ datasetSha256, everyRounds: 1 });
    expect(Buffer.from(planBytes).toString()).not.toContain(".idx");
  });

  test("moved elsewhere leaves the plan's digest as it was; changed, it does not", async () => {
    const { planSha256 } = await resolved(EVALUATED);
    await writeIdxImages(at("moved.idx"), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), [2, 2]);
    const moved = EVALUATED.replace("images.idx", at("moved.idx"));
    expect((await resolved(moved)).planSha256).toBe(planSha256);
    await writeIdxImages(at("moved.idx"), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 8), [2, 2]);
    expect((await resolved(moved)).planSha256).not.toBe(planSha256);
  });

  test.each(["images", "labels"])("without its %s is FILE_MISSING, by name", async (which) => {
    const missing = resolved(EVALUATED.replace(`${which}.idx`, "nowhere.idx"));
    await expect(missing).rejects.toMatchObject({
      code: "FILE_MISSING",
      message: expect.stringContaining("nowhere.idx"),
    });
  });

  test("that is cut short is DATA_FILE_INVALID before the job starts", async () => {
    const short = resolved(EVALUATED.replace("images.idx", "short.idx"));
    await expect(short).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
  });
});

describe("what is no plan is PLAN_INVALID:", () => {
  const refused: [string, string, RegExp][] = [
    ["a wrong type", PLAN.replace("rounds: 2", "rounds: two"), /^plan:2: rounds: /],
    ["an unknown key", `${PLAN}roundz: 2\n`, /^plan:6: roundz: unknown key$/],
    ["a digest where a path belongs", `${PLAN}evaluation: { datasetSha256: ${"0".repeat(64)} }\n`, /^plan:6: /],
    ["more updates needed than the quorum", PLAN.replace("minUpdates: 2", "minUpdates: 3"), /round\.minUpdates/],
    ["no YAML", "job: [", /^plan:1: /],
    ["nothing", "", /^plan:1: the document: /],
  ];
  test.each(refused)("%s", async (_what, text, message) => {
    await expect(resolved(text)).rejects.toMatchObject({
      code: "PLAN_INVALID",
      message: expect.stringMatching(message),
    });
  });

  const rule = (settings: string) => PLAN.replace("{ name: FedAvg }", settings);
  test.each([
    ["a rule's parameter that is no number", rule("{ name: FedAvg, factor: .nan }")],
    ["a rule that holds itself", rule("&rule { name: FedAvg, inner: *rule }")],
    ["a model larger than memory", PLAN.replace("softmax, inputs: 4", "mlp, inputs: 1000000, hidden: 1000000")],
  ])("%s", async (_what, text) => {
    await expect(resolved(text)).rejects.toMatchObject({ code: "PLAN_INVALID" });
  });
});

test("a plan's file is read as it is, or is FILE_MISSING", async () => {
  await writeFile(at("plan.yaml"), PLAN);
  expect(await readPlanFile(at("plan.yaml"))).toBe(PLAN);
  await expect(readPlanFile(at("nowhere.yaml"))).rejects.toMatchObject({ code: "FILE_MISSING" });
});
