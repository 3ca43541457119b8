import { describe, expect, test } from "vitest";
import { aggregateOf, float32, type Setup } from "../../coordinator/aggregation/testing.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { shiftedMean, undetectableZ } from "../../simulations/attacks/a-little-is-enough.ts";
import { againstSigns, beyondEstimate, beyondHonest, greatestPicked } from "../../simulations/attacks/fang-rows.ts";
import { manipulatedMean } from "../../simulations/attacks/inner-product-manipulation.ts";
import { mimic } from "../../simulations/attacks/mimic.ts";
import { farthestByMaximum } from "../../simulations/attacks/min-max.ts";
import { squaredDistance } from "../../simulations/attacks/moments.ts";
import { nonFinite } from "../../simulations/attacks/non-finite.ts";
import { optimalAlie } from "../../simulations/attacks/optimal-alie.ts";
import { optimalIpm } from "../../simulations/attacks/optimal-ipm.ts";
import { flippedSigns } from "../../simulations/attacks/sign-flipping.ts";
import type { Perturbation } from "../../simulations/attacks/stretch.ts";
import { insider, sentBy, taskOf, trainerOf } from "../../simulations/attacks/testing.ts";
import { CORNER, offsetsOf, type Pixel, STROKES } from "../../simulations/attacks/trigger.ts";
import { furthest, numbers } from "./aggregation.entries.ts";
import golden from "./attacks.json" with { type: "json" };

interface Golden {
  readonly index: number;
  readonly source_repo: string;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly input: readonly (readonly number[])[];
  readonly output: unknown;
  readonly tolerance: number;
}

type Craft = (entry: Golden) => ArrayLike<number> | Promise<ArrayLike<number>>;

const entries = golden.entries as readonly Golden[];
const rowsOf = ({ input }: Golden) => float32(...input);
const of = ({ params }: Golden, name: string) => Number(params[name]);
const mean = (entry: Golden) => shiftedMean(rowsOf(entry), 0);
const z = (entry: Golden) => undetectableZ(of(entry, "n"), of(entry, "m"));

const DIRECTIONS: Readonly<Record<string, Perturbation>> = { unit_vec: "unit", sign: "sign", std: "std" };

/** What ours says for a published attack. References that add z * sigma are ours with -z. */
const VARIANTS: Readonly<Record<string, Craft>> = {
  SignFlipping: (it) => flippedSigns(mean(it), 1),
  SignFlipAttack: (it) => flippedSigns(mean(it), -of(it, "scale")),
  InnerProductManipulation: (it) => manipulatedMean(rowsOf(it), of(it, "tau")),
  "ByzantineClient(InnerProductManipulation)": (it) => manipulatedMean(rowsOf(it), of(it, "tau")),
  IPMAttack: (it) => manipulatedMean(rowsOf(it), of(it, "epsilon")),
  "EmpireAttack(IPM)": (it) => manipulatedMean(rowsOf(it), -of(it, "scale")),
  ALittleIsEnough: (it) => shiftedMean(rowsOf(it), -of(it, "tau")),
  lie_attack: (it) => shiftedMean(rowsOf(it), -of(it, "z")),
  ALittleIsEnoughAttack: (it) => shiftedMean(rowsOf(it), z(it)),
  "ALIE z_max": (it) => [z(it)],
  Mimic: (it) => sent(it, mimic({ client: of(it, "epsilon") })),
  MimicAttack: (it) => sent(it, mimic({ client: of(it, "epsilon") })),
  Inf: (it) => sent(it, nonFinite({ value: Infinity })),
  Optimal_InnerProductManipulation: (it) => sent(it, optimalIpm({ search: "byzfl" })),
  Optimal_ALittleIsEnough: (it) => sent(it, optimalAlie({ search: "byzfl" })),
  "our_attack_dist (Min-Max)": (it) =>
    farthestByMaximum(rowsOf(it), DIRECTIONS[String(it.params["dev_type"])] ?? "unit"),
  "Fang trimmed-mean/median (full knowledge, b=2)": (it) => beyondHonest(rowsOf(it))(() => 1),
  "Fang trimmed-mean/median (partial knowledge, midpoint 3.5 sigma)": (it) => beyondEstimate(rowsOf(it), () => 0.5),
  "Fang Krum (full knowledge, 20-step bisection)": async (it) => {
    const rows = rowsOf(it);
    const straight = againstSigns(rows);
    return straight(await greatestPicked(async (lambda) => picksByDistance(rows, straight(lambda), of(it, "m"))));
  },
};

/** What an attack that knows everything sends among these honest rows, against the entry's pipeline. */
function sent(entry: Golden, attack: Parameters<typeof sentBy>[0]): Promise<number[]> {
  const rows = rowsOf(entry);
  const setup = pipelineOf(entry);
  const known = insider({
    honest: async () => rows,
    places: () => Array.from({ length: setup.numByzantine ?? 0 }, (_, place) => place),
    aggregate: async (_, deltas) => (await aggregateOf(deltas, setup)).values,
  });
  const schema = [{ name: "w", shape: [rows[0]?.length ?? 0] }];
  return sentBy(attack, known, taskOf({ schema }), trainerOf([]));
}

/** "TrMean(f=2)" behind ["NNM(f=2)", "Clipping(c=2.0)"]. */
function pipelineOf({ params }: Golden): Setup {
  const steps = (params["pre_agg_list"] ?? []) as readonly string[];
  const preAggregators = steps.map((text) =>
    text.startsWith("NNM") ? { name: "NNM" } : { name: "NormClipping", clipNorm: Number(/c=([\d.]+)/.exec(text)?.[1]) },
  );
  return { rule: "TrimmedMean", preAggregators, numByzantine: Number(params["f"] ?? 0) };
}

/** The reference's Krum adds up distances that are not squared. */
function picksByDistance(rows: readonly Float32Array[], crafted: Float32Array, numAttackers: number): boolean {
  const all = [...rows, ...Array.from({ length: numAttackers }, () => crafted)];
  const scores = all.map((row, i) => {
    const others = all.filter((_, j) => j !== i).map((other) => Math.sqrt(squaredDistance(row, other)));
    const nearest = others.toSorted((a, b) => a - b).slice(0, all.length - numAttackers - 2);
    return nearest.reduce((sum, distance) => sum + distance, 0);
  });
  return scores.indexOf(Math.min(...scores)) >= rows.length;
}

/** Deltas are float32, so the reference's float64 tolerance is met up to that storage. */
function toleranceOf({ input, tolerance }: Golden): number {
  return Math.max(tolerance, 1e-6 * Math.max(0, ...input.flat().map(Math.abs)));
}

const crafted = entries.filter(({ name }) => Object.hasOwn(VARIANTS, name));

describe("attack formulas match other implementations", () => {
  test.each(crafted)("$index $source_repo $name $params", async (entry) => {
    const actual = await VARIANTS[entry.name]?.(entry);
    const [output, ...same] =
      Array.isArray(entry.output) && Array.isArray(entry.output[0]) ? entry.output : [entry.output];
    for (const other of same) expect(other).toEqual(output);
    const expected = (numbers([output].flat()) ?? []).map(Number);
    if (entry.name === "Inf") expect([...(actual as number[])]).toEqual(expected);
    else expect(furthest(actual ?? [], expected)).toBeLessThanOrEqual(toleranceOf(entry));
  });
});

const named = (name: string) => entries.find((entry) => entry.name === name) as Golden;

test("a random draw of Fang's lies where the published test wants it", () => {
  const entry = named("AdaptiveAdversary (Fang trim/median)");
  const { lower_bound: lower, upper_bound: upper } = entry.output as Record<string, number[]>;
  const random = seededRandom(new Uint8Array(32));
  const draw = beyondHonest(rowsOf(entry));
  for (let i = 0; i < 100; i++) {
    draw(() => random.uniform()).forEach((value, k) => {
      expect(value).toBeGreaterThanOrEqual((lower?.[k] as number) - 1e-6);
      expect(value).toBeLessThanOrEqual((upper?.[k] as number) + 1e-6);
    });
  }
});

describe("published triggers on 28 x 28 images", () => {
  const offsets = (pixels: readonly Pixel[]) => offsetsOf(pixels, [28, 28]).toSorted((a, b) => a - b);

  test("the four strokes of the distributed backdoor", () => {
    const { global: _, ...strokes } = named("DBA MNIST trigger pixels").output as Record<string, Pixel[]>;
    expect(STROKES.map(offsets)).toEqual(Object.values(strokes).map(offsets));
  });

  test("the pixels of the scaling attack", () => {
    expect(offsets(CORNER)).toEqual(offsets(named("MNIST pixel trigger (scaling attack)").output as Pixel[]));
  });
});

describe("the collection", () => {
  const elsewhere = [
    "AdaptiveAdversary (Fang trim/median)",
    "DBA MNIST trigger pixels",
    "MNIST pixel trigger (scaling attack)",
  ];

  test("every entry is compared", () => {
    expect(entries.filter((it) => !crafted.includes(it)).map(({ name }) => name)).toEqual(
      expect.arrayContaining(elsewhere),
    );
    expect(crafted.length + elsewhere.length).toBe(entries.length);
  });

  test.each(golden.skipped)("$index $name of $source_repo is not to be matched: $reason", ({ index, reason }) => {
    expect(entries.some((entry) => entry.index === index)).toBe(false);
    expect(reason).not.toBe("");
  });
});
