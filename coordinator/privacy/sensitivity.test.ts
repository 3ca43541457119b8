import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Plan, planSchema } from "../../core/plan.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { pipelineOf } from "../aggregation/pipeline.ts";
import { registryListing } from "../aggregation/registry.ts";
import { historyOf } from "../aggregation/rules/measures.ts";
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
  test.each([{ name: "FedAvg" }, { name: "TrimmedMean" }, { name: "CenteredClipping", tau: 1 }])(
    "$name with everyone in every round is accepted",
    (rule) => {
      expect(refusalOf({ rule })).toBeUndefined();
      expect(refusalOf({ rule, privacy: { adjacency: "replace-one" } })).toBeUndefined();
    },
  );

  const POISSON = { sampling: "poisson", rate: 0.5 };
  const FIXED = { sampling: "fixed", size: 6 };
  const secret = { privacy: { adjacency: "replace-one" } };
  const tree = { numLeaves: 4, maxParticipations: 2 };
  test.each([
    ["a Poisson sample", { cohort: POISSON }],
    ["a Poisson sample under replace-one", { cohort: POISSON, ...secret }],
    ["a capped Poisson sample", { cohort: { ...POISSON, cap: 7 } }],
    ["a fixed cohort", { cohort: FIXED, ...secret }],
    ["a fixed cohort that is trimmed", { cohort: FIXED, rule: { name: "TrimmedMean" }, ...secret }],
    ["production", { privacy: { level: "production" } }],
    ["production, trimmed", { rule: { name: "TrimmedMean" }, privacy: { level: "production" } }],
    ["a clip norm that adapts", { privacy: { adaptiveClipping: { countStdDev: 2 } } }],
    ["trees", { privacy: { tree } }],
    ["trees, whoever comes", { privacy: { tree }, cohort: POISSON }],
    ["trees of trimmed means", { privacy: { tree }, cohort: FIXED, rule: { name: "TrimmedMean" } }],
  ] as readonly [string, Changes][])("%s is accepted", (_, changes) => {
    expect(refusalOf(changes)).toBeUndefined();
  });

  test.each([
    { mode: "local", clipNorm: 1, epsilon: 2, delta: 0.01, maxEpsilon: 8 },
    { mode: "example", clipNorm: 1, noiseMultiplier: 1, sampleRate: 0.1, delta: 1e-5, maxEpsilon: 8 },
  ] as const)("mode $mode covers whatever is made of the updates", (privacy) => {
    const plan = { ...planWith({ rule: { name: "Krum" } }), privacy };
    expect(checkPrivacy(plan, pipelineOf(plan.aggregation), 10)).toBeUndefined();
  });

  test("without privacy everything is", () => {
    const plan = { ...planWith({ rule: { name: "Krum" } }), privacy: { mode: "none" } as const };
    expect(checkPrivacy(plan, pipelineOf(plan.aggregation), 10)).toBeUndefined();
  });
});

describe("plans without one are refused by name", () => {
  const common = { clipNorm: 1, maxEpsilon: 8 };
  test.each([
    { mode: "local", epsilon: 2, ...common },
    { mode: "example", noiseMultiplier: 1, sampleRate: 0.1, ...common },
  ] as const)("mode $mode with a delta above one in the number of clients", (privacy) => {
    const plan = (delta: number) => ({ ...planWith({}), privacy: { ...privacy, delta } });
    expect(checkPrivacy(plan(0.1), pipelineOf(plan(0.1).aggregation), 10)).toBeUndefined();
    const refusal = checkPrivacy(plan(0.11), pipelineOf(plan(0.11).aggregation), 10);
    expect(refusal).toMatchObject({ refused: "PRIVACY_UNSUPPORTED" });
    expect(refusal?.detail).toMatch(/privacy.delta 0.11 is above 1\/10, one of the clients; accepted is less/);
  });

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
    [
      { rule: { name: "TrimmedMean" }, cohort: { sampling: "poisson", rate: 0.5 } },
      10,
      "cohort.sampling poisson: TrimmedMean needs a fixed number of updates",
    ],
    [
      { rule: { name: "CenteredClipping", tau: 1 }, privacy: { level: "production" } },
      10,
      "privacy.level production: CenteredClipping is no sum on an integer grid",
    ],
    [
      { cohort: { sampling: "fixed", size: 5 } },
      10,
      "cohort.sampling fixed with privacy.adjacency zero-out: no accountant knows",
    ],
    [
      { cohort: { sampling: "fixed", size: 5 }, privacy: { adjacency: "replace-one", accountant: "pld" } },
      10,
      "a fixed number of clients is accounted by Renyi divergences only",
    ],
    [
      { privacy: { tree: { numLeaves: 4, maxParticipations: 1 }, accountant: "pld" } },
      10,
      "tree aggregation is accounted by Renyi divergences only",
    ],
    [
      { privacy: { tree: { numLeaves: 4, maxParticipations: 1 }, adaptiveClipping: {} } },
      10,
      "privacy.adaptiveClipping with privacy.tree",
    ],
    [{ privacy: { adaptiveClipping: {} } }, 10, "privacy.adaptiveClipping.countStdDev is 0.5"],
    [{ privacy: { adaptiveClipping: { countStdDev: 11 } } }, 10, "privacy.adaptiveClipping.countStdDev is 11"],
    [{ privacy: { delta: 0.11 } }, 10, "privacy.delta 0.11 is above 1/10"],
    // the noise on the updates is 24 million clip norms then
    [
      { privacy: { level: "production", adaptiveClipping: { countStdDev: 0.5 + 2 ** -51 } } },
      10,
      "privacy.level production: no grid holds a clip norm of 2 and noise of",
    ],
    [{ privacy: { level: "production", noiseMultiplier: 2 ** 22 } }, 10, "clip norm of 2 and noise of 4194304 times"],
    [{ privacy: { level: "production", clipNorm: 1e-320 } }, 10, "no grid holds a clip norm of 1e-320"],
    [
      { privacy: { level: "production", adaptiveClipping: { countStdDev: 2, minClipNorm: 1e-320 } } },
      10,
      "no grid holds a clip norm of 1e-320",
    ],
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
      centre: row(d),
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
  const before = await aggregateOf(rows, { ...setup, clipNorm: CLIP_NORM, distancePath: "exact" });
  const after = await aggregateOf(changed, { ...setup, clipNorm: CLIP_NORM, distancePath: "exact" });
  return Math.hypot(...before.values.map((value, k) => value - (after.values[k] as number)));
}

const ALLOWED = [{ name: "FedAvg" }, { name: "TrimmedMean" }, { name: "CenteredClipping", tau: 0.7, iterations: 3 }];
const ROUNDING = 1e-6 * CLIP_NORM;

describe.each(ALLOWED)("the sensitivity of $name", (rule) => {
  test("is not exceeded by replacing a row with any other, nor by leaving one out", async () => {
    await fc.assert(
      fc.asyncProperty(neighbours, async ({ f, rows, replacement, centre, at }) => {
        const setup = { rule, numByzantine: f, references: { previousAggregate: centre } };
        const { rule: built } = pipelineFor(setup);
        const i = at % rows.length;
        const victim = rows[i] as Float32Array;
        const other = replacement === "opposite" ? victim.map((value) => -value) : replacement;
        const rounding = ROUNDING + 1e-6 * Math.hypot(...centre);
        const replaced = await moved(rows, i, other, setup);
        expect(replaced).toBeLessThanOrEqual(built.sensitivity(rows.length, CLIP_NORM) + rounding);
        const absent = await moved(rows, i, new Float32Array(victim.length), setup);
        expect(absent).toBeLessThanOrEqual(zeroOutSensitivity(built, rows.length, CLIP_NORM) + rounding);
      }),
      { numRuns: 100 },
    );
  });
});

/**
 * Pairs that an adversary would try: few distinct rows at the ends of the ball and next to a tie, in two dimensions, one
 * of them replaced by its opposite, by another, or by nothing.
 */
function adversarialPairs(seed: number, count: number): { rows: Float32Array[]; replacement: Float32Array }[] {
  const random = seededRandom(new Uint8Array(32).fill(seed));
  const pick = <T>(of: readonly T[]) => of[Math.floor(random.uniform() * of.length)] as T;
  const point = () => Float32Array.of(pick([-2, -2, 2, 2, 0, 0.01, -0.01, 1]), pick([0, 0, 0, 0.01, 1]));
  return Array.from({ length: count }, () => {
    const [a, b, c] = [point(), point(), point()];
    const rows = Array.from({ length: 9 }, () => pick([a, b, b, c, point()]));
    const opposite = (rows[0] as Float32Array).map((value) => -value);
    return { rows, replacement: pick([opposite, new Float32Array(2), point(), a, b]) };
  });
}

const REFERENCES = { previousAggregate: Float32Array.of(1, 0), rootUpdate: Float32Array.of(1, 0) };

describe("attacked on purpose", () => {
  test.each(ALLOWED)("$name stays within its sensitivity and reaches it", async (rule) => {
    const setup = { rule, numByzantine: 1, references: REFERENCES };
    const { rule: built } = pipelineFor(setup);
    let farthest = 0;
    for (const { rows, replacement } of adversarialPairs(5, 150)) {
      farthest = Math.max(farthest, await moved(rows, 0, replacement, setup));
      const absent = await moved(rows, 0, new Float32Array(2), setup);
      expect(absent).toBeLessThanOrEqual(zeroOutSensitivity(built, rows.length, CLIP_NORM) + ROUNDING);
    }
    const bound = built.sensitivity(9, CLIP_NORM);
    expect(farthest).toBeLessThanOrEqual(bound + ROUNDING);
    expect(farthest).toBeGreaterThan(0.3 * bound);
  });

  const refused = registryListing().filter(({ kind, name, carriesCentralNoise }) => {
    return kind === "rule" && !carriesCentralNoise && name !== "FLDetector";
  });

  test.each(refused)("noise that suffices for the mean does not for $name", async ({ example }) => {
    const setup = { rule: example, numByzantine: 1, references: REFERENCES };
    const ofMean = (2 * CLIP_NORM) / 9;
    for (const { rows, replacement } of adversarialPairs(6, 400)) {
      if ((await moved(rows, 0, replacement, setup)) > 1.1 * ofMean) return;
    }
    expect.fail("no pair moved it farther than the mean");
  });

  test("FLDetector is the mean while it remembers nothing; then one client decides who else is left out", async () => {
    const [left, right] = [Float32Array.of(-CLIP_NORM, 0), Float32Array.of(CLIP_NORM, 0)];
    const isLeft = (i: number) => i >= 1 && i <= 4;
    const rows = Array.from({ length: 9 }, (_, i) => (isLeft(i) ? left : right));
    const first = { rule: { name: "FLDetector", window: 1 }, numByzantine: 4, references: REFERENCES };
    const ofMean = (2 * CLIP_NORM) / 9;
    expect(await moved(rows, 0, left, first)).toBeCloseTo(ofMean, 6);

    // four clients changed a little since the round before and are left out, until one that changed much is in their place
    const before = rows.map((row, i) => (isLeft(i) ? Float32Array.of(0.1 - CLIP_NORM, 0) : row));
    const vectors = new Map([
      ...before.map((row, i) => [historyOf(`client-${i + 1}`), row] as const),
      ["aggregate/1", REFERENCES.previousAggregate] as const,
    ]);
    const second = { ...first, memory: { vectors, numbers: {} } };
    expect(await moved(rows, 0, left, second)).toBeGreaterThan(4 * ofMean);
  });
});

describe("the printed sensitivities are attained", () => {
  const low = [-2];
  const high = [2];

  test.each([
    [{ rule: "FedAvg" }, [low, [0], [1]]],
    // between two rows at either end the replaced one is never trimmed
    [{ rule: "TrimmedMean", numByzantine: 1 }, [low, low, high]],
    [{ rule: { name: "CenteredClipping", tau: 1 } }, [low, [0], [0]]],
    [{ rule: "Median", numByzantine: 1 }, [low, low, high]],
    [{ rule: "Median", numByzantine: 1 }, [low, low, [2], high]],
    [{ rule: "Krum", numByzantine: 1 }, [low, low, low, high, high]],
  ] as const)("%j on %j, the first row replaced by its opposite", async (setup, rows) => {
    const vectors = float32(...rows);
    const { rule } = pipelineFor(setup);
    expect(await moved(vectors, 0, Float32Array.of(2), setup)).toBeCloseTo(rule.sensitivity(rows.length, CLIP_NORM), 6);
  });

  test("centered clipping from another centre: a row that becomes zero moves it as far as any", async () => {
    const setup = {
      rule: { name: "CenteredClipping", tau: 0.5 },
      references: { previousAggregate: Float32Array.of(1) },
    };
    const { rule } = pipelineFor(setup);
    const absent = await moved(float32([2], [1], [1]), 0, Float32Array.of(0), setup);
    expect(absent).toBeCloseTo(zeroOutSensitivity(rule, 3, CLIP_NORM), 6);
    expect(absent).toBeCloseTo(rule.sensitivity(3, CLIP_NORM), 6);
  });
});
