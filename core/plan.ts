import { z } from "zod";
import { privacySchema } from "./plan-privacy.ts";

/**
 * The plan of a job: its signed settings. An operator writes it as YAML (coordinator/rounds/plan-file.ts reads it); its
 * canonical JSON, with defaults filled in and files replaced by digests, is what clients see and every update binds.
 */
const positive = z.number().finite().positive();
const count = z.int().min(1).max(1_000_000);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "1 to 64 letters, digits, dots, dashes or underscores");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");

/** Weights uniform in [low, high), in place of Glorot's; vectors too. */
const initialRange = z
  .tuple([z.number().min(-1e6).max(1e6), z.number().min(-1e6).max(1e6)])
  .refine(([low, high]) => low < high, { error: "must be [low, high] with low < high" })
  .optional();

const builtinModel = z.discriminatedUnion("builtin", [
  z.strictObject({
    builtin: z.literal("softmax"),
    initialRange,
    inputs: count.default(784),
    classes: z.int().min(2).max(100_000).default(10),
    bias: z.boolean().default(true),
  }),
  z.strictObject({
    builtin: z.literal("mlp"),
    initialRange,
    inputs: count.default(784),
    hidden: count.default(64),
    classes: z.int().min(2).max(100_000).default(10),
  }),
  z
    .strictObject({
      builtin: z.literal("cnn"),
      initialRange,
      /** Of a square image, channels last. */
      inputs: count.default(784),
      channels: z.int().min(1).max(1_000).default(1),
      classes: z.int().min(2).max(100_000).default(10),
    })
    .refine(({ inputs, channels }) => Number.isInteger(Math.sqrt(inputs / channels)) && inputs / channels >= 16 ** 2, {
      path: ["inputs"],
      error: "must be those of a square image of 16 x 16 pixels or more, times the channels",
    }),
]);

const cohort = z.discriminatedUnion("sampling", [
  z.strictObject({ sampling: z.literal("full") }),
  z.strictObject({ sampling: z.literal("fixed"), size: count }),
  z.strictObject({
    sampling: z.literal("poisson"),
    rate: z.number().gt(0).max(1),
    /** Of more that come up, so many are chosen uniformly. */
    cap: count.optional(),
  }),
]);

const round = z
  .strictObject({
    quorum: count,
    graceMs: z.int().min(0).max(86_400_000).default(2_000),
    deadlineMs: z.int().min(10).max(604_800_000).default(60_000),
    minUpdates: count,
    maxAttempts: z.int().min(1).max(1_000).default(5),
  })
  .refine((it) => it.minUpdates <= it.quorum, { path: ["minUpdates"], error: "must not exceed quorum" });

const localTraining = z.strictObject({
  steps: count.default(20),
  batchSize: count.default(32),
  learningRate: positive.default(0.05),
  momentum: z.number().min(0).lt(1).default(0),
});

/** A rule or pre-aggregator by name; the registry checks its other keys (coordinator/aggregation/registry.ts). */
const parameter = z.union([z.string(), z.number().finite(), z.boolean()]);
const named = z.object({ name: z.string().min(1) }).catchall(parameter);

const aggregation = z.strictObject({
  preAggregators: z.array(named).max(8).default([]),
  rule: named,
  numByzantine: z.int().min(0).max(1_000_000),
  weights: z.enum(["uniform", "numExamples"]).default("uniform"),
  /** Above it numExamples is capped and reported. */
  maxExamples: z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(100_000),
  maxNorm: positive.max(1e18).default(1e6),
});

/** Paths of two IDX files, or of a table and the map of its columns. */
const dataFiles = z.union([
  z.strictObject({ images: z.string().min(1), labels: z.string().min(1) }),
  z.strictObject({ csv: z.string().min(1), columns: z.string().min(1) }),
]);

const reputation = z.strictObject({
  /** `observe` only shows what it sees; `quarantine` leaves clients out of later rounds until they are released by hand. */
  mode: z.enum(["observe", "quarantine"]).default("observe"),
  /** How much of a client's reputation the next round keeps; the rest is what that round says. */
  decay: z.number().min(0.5).max(0.99).default(0.8),
  /** A reputation below it is bad enough for quarantine. Being far off alone never leads below 0.5. */
  threshold: z.number().gt(0).max(0.5).default(0.3),
  /** So many rounds must have spoken against a client first. */
  minRounds: z.int().min(2).max(1_000).default(3),
});

const serverOptimizer = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("FedAvg"), learningRate: positive.default(1) }),
  z.strictObject({
    name: z.literal("FedAvgM"),
    learningRate: positive.default(1),
    momentum: z.number().min(0).lt(1).default(0.9),
  }),
]);

const everyRounds = count.default(1);

const shared = {
  job: name,
  rounds: count,
  /** Draws the initial weights and every client's batch order; it protects nobody and is public. */
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  cohort: cohort.default({ sampling: "full" }),
  round,
  local: localTraining.prefault({}),
  privacy: privacySchema.default({ mode: "none" }),
  serverOptimizer: serverOptimizer.default({ name: "FedAvg", learningRate: 1 }),
  /** Left out where a plan leaves it out, so that plans keep their digests. */
  reputation: reputation.optional(),
};

/** What an operator writes: files by path, relative to the plan's folder. */
export const planFileSchema = z.strictObject({
  ...shared,
  /** With the coordinator's own examples, for rules that compare every update with one of its own training. */
  aggregation: aggregation.extend({ rootDataset: dataFiles.optional() }),
  model: z.union([z.strictObject({ layers: z.string().min(1) }), builtinModel]),
  evaluation: z
    .strictObject({
      dataset: dataFiles,
      everyRounds,
    })
    .optional(),
});

/** What the federation agrees on: the same, with files replaced by their SHA-256. */
export const planSchema = z.strictObject({
  ...shared,
  aggregation: aggregation.extend({ rootDatasetSha256: sha256.optional() }),
  model: z.union([z.strictObject({ layers: sha256 }), builtinModel]),
  evaluation: z.strictObject({ datasetSha256: sha256, everyRounds }).optional(),
});

export type PlanFile = z.output<typeof planFileSchema>;
export type Plan = z.output<typeof planSchema>;
export type BuiltinModel = z.output<typeof builtinModel>;
export type LocalTraining = Plan["local"];
export type ServerOptimizerSettings = Plan["serverOptimizer"];
export type ReputationSettings = z.output<typeof reputation>;
export type NamedSettings = z.output<typeof named>;

export const isBuiltin = (model: Plan["model"] | PlanFile["model"]): model is BuiltinModel => "builtin" in model;

/** The plan's own settings, or those of a plan that names none. */
export const reputationSettings = (plan: Plan): ReputationSettings => plan.reputation ?? reputation.parse({});
