import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Plan, planSchema } from "../../core/plan.ts";
import { pipelineOf } from "../aggregation/pipeline.ts";
import { aggregateOf, float32, pipelineFor, type Setup } from "../aggregation/testing.ts";
import { checkPrivacy, zeroOutSensitivity } from "./sensitivity.ts";

const CLIP_NORM = 2;

interface Changes {
  readonly rule?: Record<string, unknown>;
  readonly aggregation?: Record<string, unknown>;
  readonly cohort?: Record<string, unknown>;
  readonly privacy?: Record<string, unknown>;
}

function planWith({ rule, aggregation, cohort, privacy }: Changes): Plan {
  return planSchema.parse({
    job: "test",
    rounds: 1,
    model: { builtin: "softmax" },
    round: { quorum: 10, minUpdates: 10 },
    cohort: { sampling: "full", ...cohort },
    aggregation: { rule: { name: "FedAvg", ...rule }, numByzantine: 3, ...aggregation },
    privacy: {
      mode: "central",
      clipNorm: CLIP_NORM,
      noiseMultiplier: 1,
      delta: 0.01,
      maxEpsilon: 10,
      ...privacy,
    },
  });
}

function refusalOf(changes: Changes, numClients = 10) {
  const plan = planWith(changes);
  return checkPrivacy(plan, pipelineOf(plan.aggregation), numClients);
}

describe("plans with a guarantee", () => {
  test.each(["FedAvg", "TrimmedMean"])("%s with everyone in every round is accepted", (name) => {
    expect(refusalOf({ rule: { name } })).toBeUndefined();
    expect(refusalOf({ rule: { name }, privacy: { adjacency: "replace-one" } })).toBeUndefined();
  });

  test("without privacy everything is", () => {
    const plan = { ...planWith({ rule: { name: "Krum" } }), privacy: { mode: "none" } as const };
    expect(checkPrivacy(plan, pipelineOf(plan.aggregation), 10)).toBeUndefined();
  });
});

describe("plans without one are refused by name", () => {
  test.each([
    [{ rule: { name: "Median" } }, 10, "Median has L2 sensitivity 2 (10 updates of norm 2, one replaced)"],
    [{ rule: { name: "Median" } }, 11, "Median has L2 sensitivity 4 (11 updates of norm 2, one replaced)"],
    [{ rule: { name: "Krum" } }, 10, "Krum has L2 sensitivity 4 (10 updates of norm 2, one replaced)"],
    [
      { rule: { name: "MultiKrum", select: 4 } },
      10,
      "MultiKrum has L2 sensitivity 4 (10 updates of norm 2, one replaced)",
    ],
    [{ rule: { name: "MultiKrum", select: 7 } }, 10, `MultiKrum has L2 sensitivity ${16 / 7} (10 updates`],
    [
      { rule: { name: "TrimmedMean" }, aggregation: { preAggregators: [{ name: "NNM" }] } },
      10,
      "NNM before TrimmedMean: no sensitivity is proven",
    ],
    [{ aggregation: { weights: "numExamples" } }, 10, "aggregation.weights numExamples: the sensitivity would depend"],
    [{ cohort: { sampling: "poisson", rate: 0.1 } }, 10, "cohort.sampling poisson: no accountant for it is in place"],
    [{ cohort: { sampling: "fixed", size: 5 } }, 10, "cohort.sampling fixed: no accountant for it is in place"],
    [{ privacy: { delta: 0.11 } }, 10, "privacy.delta 0.11 is above 1/10"],
  ] as const)("%j with %i clients", (changes, numClients, reason) => {
    const refusal = refusalOf(changes, numClients);
    expect(refusal?.refused).toBe("PRIVACY_UNSUPPORTED");
    expect(refusal?.detail).toContain(reason);
    expect(refusal?.detail).toMatch(/accepted (is|are) /);
  });
});

/** Rows within the clip, and rows far above it that are clipped. */
const row = (d: number) =>
  fc
    .tuple(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: d, maxLength: d }),
      fc.constantFrom(1, 100, 1e9),
    )
    .map(([values, scale]) => Float32Array.from(values, (value) => value * scale));

const neighbours = fc
  .record({
    f: fc.integer({ min: 0, max: 2 }),
    extra: fc.integer({ min: 1, max: 4 }),
    d: fc.integer({ min: 1, max: 5 }),
  })
  .chain(({ f, extra, d }) =>
    fc.record({
      f: fc.constant(f),
      rows: fc.array(row(d), { minLength: 2 * f + extra, maxLength: 2 * f + extra }),
      replacement: fc.oneof(row(d), fc.constant("opposite" as const)),
      at: fc.nat(),
    }),
  );

async function moved(
  rows: readonly Float32Array[],
  at: number,
  replacement: Float32Array,
  setup: Setup,
): Promise<number> {
  const changed = rows.map((x, i) => (i === at ? replacement : x));
  const before = await aggregateOf(rows, { ...setup, clipNorm: CLIP_NORM });
  const after = await aggregateOf(changed, { ...setup, clipNorm: CLIP_NORM });
  return Math.hypot(...before.values.map((value, k) => value - (after.values[k] as number)));
}

describe.each(["FedAvg", "TrimmedMean"])("the sensitivity of %s", (name) => {
  test("is not exceeded by replacing a row with any other, nor by leaving one out", async () => {
    await fc.assert(
      fc.asyncProperty(neighbours, async ({ f, rows, replacement, at }) => {
        const setup = { rule: name, numByzantine: f };
        const { rule } = pipelineFor(setup);
        const i = at % rows.length;
        const victim = rows[i] as Float32Array;
        const other = replacement === "opposite" ? victim.map((value) => -value) : replacement;
        const rounding = 1e-6 * CLIP_NORM;
        const replaced = await moved(rows, i, other, setup);
        expect(replaced).toBeLessThanOrEqual(rule.sensitivity(rows.length, CLIP_NORM) + rounding);
        const absent = await moved(rows, i, new Float32Array(victim.length), setup);
        expect(absent).toBeLessThanOrEqual(zeroOutSensitivity(rule, rows.length, CLIP_NORM) + rounding);
      }),
      { numRuns: 120 },
    );
  });
});

describe("the printed sensitivities are attained", () => {
  const low = [-2];
  const high = [2];

  test.each([
    [{ rule: "FedAvg" }, [low, [0], [1]]],
    // between two rows at either end the replaced one is never trimmed
    [{ rule: "TrimmedMean", numByzantine: 1 }, [low, low, high]],
    [{ rule: "Median", numByzantine: 1 }, [low, low, high]],
    [{ rule: "Median", numByzantine: 1 }, [low, low, [2], high]],
    [{ rule: "Krum", numByzantine: 1 }, [low, low, low, high, high]],
  ] as const)("%j on %j, the first row replaced by its opposite", async (setup, rows) => {
    const vectors = float32(...rows);
    const { rule } = pipelineFor(setup);
    expect(await moved(vectors, 0, Float32Array.of(2), setup)).toBeCloseTo(rule.sensitivity(rows.length, CLIP_NORM), 6);
  });
});
