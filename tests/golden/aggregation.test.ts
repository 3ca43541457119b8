import { describe, expect, test } from "vitest";
import { preAggregatorOf } from "../../coordinator/aggregation/registry.ts";
import type { PreAggregator } from "../../coordinator/aggregation/rule.ts";
import { byKrumScore } from "../../coordinator/aggregation/rules/krum-scores.ts";
import { aggregateOf, chance, geometryOf } from "../../coordinator/aggregation/testing.ts";
import type { Random } from "../../core/random/random.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import {
  byzantine,
  ENTRIES,
  type Entry,
  furthest,
  inputOf,
  number,
  numbers,
  outputsOf,
  rounds,
  SKIPPED,
  titled,
  toleranceOf,
} from "./aggregation.entries.ts";
import { PRE_AGGREGATOR_VARIANTS, VARIANTS } from "./aggregation.variants.ts";
import attacks from "./attacks.json" with { type: "json" };

const PATHS: readonly DistancePath[] = ["fast", "exact"];

const isPreAggregator = ({ kind }: Entry) => kind === "preaggregator";
const isKrumOrder = ({ name }: Entry) => name === "select_multikrum";
const isNormBand = ({ name }: Entry) => name === "SignGuard.norm_based_filtering";
const isFoolsGoldWeights = ({ kind }: Entry) => kind === "weights";
const isNearestToOne = ({ name }: Entry) => name === "MoNNA";
const isAccident = ({ kind }: Entry) => kind === "edge_case";
const isCalledTwice = ({ output }: Entry) => Object.hasOwn(Object(output), "call1");
const isAmbiguous = ({ index }: Entry) => index === 97;
const SPECIAL = [
  isPreAggregator,
  isKrumOrder,
  isNormBand,
  isFoolsGoldWeights,
  isNearestToOne,
  isAccident,
  isCalledTwice,
  isAmbiguous,
];
const isAggregate = (entry: Entry) => !SPECIAL.some((is) => is(entry));

function setupOf(entry: Entry) {
  const setup = VARIANTS[entry.name]?.(entry);
  if (setup === undefined) throw new Error(`${entry.name} is neither skipped nor one of our variants`);
  return setup;
}

function preAggregatorFor(entry: Entry): PreAggregator {
  const settings = PRE_AGGREGATOR_VARIANTS[entry.name]?.(entry);
  if (settings === undefined) throw new Error(`${entry.name} is not one of our pre-aggregators`);
  return preAggregatorOf(settings, byzantine(entry));
}

/** What a pre-aggregator makes of the input: one vector for each row that comes out. */
async function mixed(entry: Entry, { mix }: PreAggregator, random: Random = chance): Promise<number[][]> {
  const vectors = inputOf(entry);
  const { values, numOutputs, numRows } = mix(await geometryOf(vectors), random);
  return Array.from({ length: numOutputs }, (_, i) =>
    Array.from(vectors[0] ?? [], (_x, k) =>
      vectors.reduce((sum, x, j) => sum + (values[i * numRows + j + 1] as number) * (x[k] as number), 0),
    ),
  );
}

describe("published results of the rules", () => {
  test.each(titled(ENTRIES.filter(isAggregate)))("$title", async ({ entry }) => {
    for (const distancePath of PATHS) {
      const { values } = await aggregateOf(inputOf(entry), { ...setupOf(entry), distancePath });
      const errors = outputsOf(entry).map((output) => furthest(values, output));
      expect(Math.min(...errors)).toBeLessThanOrEqual(toleranceOf(entry));
    }
  });

  test.each(titled(ENTRIES.filter(isCalledTwice)))(
    "$title: the second call starts where the first ended",
    async ({ entry }) => {
      const { call1, call2 } = entry.output as Record<string, number[]>;
      const [first, second] = await rounds(inputOf(entry), setupOf(entry), 2);
      expect(furthest(first ?? [], call1 ?? [])).toBeLessThanOrEqual(toleranceOf(entry));
      expect(furthest(second ?? [], call2 ?? [])).toBeLessThanOrEqual(toleranceOf(entry));
    },
  );

  test.each(titled(ENTRIES.filter(isFoolsGoldWeights)))("$title", async ({ entry }) => {
    const { coefficients } = await aggregateOf(inputOf(entry), setupOf(entry));
    expect(furthest(coefficients ?? [], numbers(entry.output) ?? [])).toBeLessThanOrEqual(toleranceOf(entry));
  });

  test("97 GeometricMedian: every point between the middle two of four on a line is one; ours starts at the mean", async () => {
    const entry = ENTRIES.find(isAmbiguous) as Entry;
    const { values } = await aggregateOf(inputOf(entry), { rule: "GeometricMedian" });
    expect(values[0]).toBeGreaterThanOrEqual(1);
    expect(values[0]).toBeLessThanOrEqual(1.5);
  });
});

describe("published results of the pre-aggregators", () => {
  const certain = ENTRIES.filter((entry) => isPreAggregator(entry) && entry.name !== "Bucketing");

  test.each(titled(certain))("$title", async ({ entry }) => {
    const rows = await mixed(entry, preAggregatorFor(entry));
    expect(furthest(rows.flat(), (entry.output as number[][]).flat())).toBeLessThanOrEqual(toleranceOf(entry));
  });

  test.each(titled(ENTRIES.filter(isNearestToOne)))("$title is one row of NNM", async ({ entry }) => {
    const rows = await mixed(entry, preAggregatorOf({ name: "NNM" }, byzantine(entry)));
    const row = rows[number(entry, "idx", "reference_index") ?? 0] ?? [];
    expect(furthest(row, numbers(entry.output) ?? [])).toBeLessThanOrEqual(toleranceOf(entry));
  });
});

describe("published buckets", () => {
  const [three, five] = ENTRIES.filter(({ name }) => name === "Bucketing") as [Entry, Entry];
  const draws = Array.from({ length: 100 }, (_, seed) => seededRandom(new Uint8Array(32).fill(seed)));
  const drawn = (entry: Entry) => Promise.all(draws.map((random) => mixed(entry, preAggregatorFor(entry), random)));
  const isOutput = (rows: number[][], output: unknown) => furthest(rows.flat(), [output].flat(2) as number[]) < 1e-6;

  test(`${three.index}: two of three updates share a bucket, each pair at some time`, async () => {
    const outputs = [three.output, ...(three.alternative_outputs ?? [])];
    const found = (await drawn(three)).map((rows) => outputs.findIndex((output) => isOutput(rows, output)));
    expect(new Set(found)).toEqual(new Set(outputs.keys()));
  });

  test(`${five.index}: five updates in the published order come out as published`, async () => {
    expect((await drawn(five)).some((rows) => isOutput(rows, five.output))).toBe(true);
  });
});

describe("published orders and selections", () => {
  test.each(titled(ENTRIES.filter(isKrumOrder)))("$title", async ({ entry }) => {
    const geometry = await geometryOf(inputOf(entry));
    const order = byKrumScore(geometry, byzantine(entry), "n-f-2").map((row) => row - 1);
    const expected = entry.output as readonly number[];
    expect(order.slice(0, expected.length)).toEqual(expected);
  });
});

// the filter for norms alone: vectors of one positive coordinate differ in nothing else
describe("published norm bands", () => {
  test.each(titled(ENTRIES.filter(isNormBand)))("$title", async ({ entry }) => {
    const lengths = inputOf(entry).map((row) => Float32Array.of(Math.hypot(...row)));
    const { coefficients = [] } = await aggregateOf(lengths, { rule: "SignGuard" });
    expect([...coefficients.keys()].filter((i) => (coefficients[i] as number) > 0)).toEqual(entry.output);
  });
});

describe("published accidents", () => {
  const nonFinite = ENTRIES.filter((entry) => isAccident(entry) && "case" in entry.params);

  test.each(titled(nonFinite))("$title: a row that is not finite stops the round", async ({ entry }) => {
    const mixer = PRE_AGGREGATOR_VARIANTS[entry.name]?.(entry);
    const setup = mixer ? { rule: "FedAvg", preAggregators: [mixer], numByzantine: byzantine(entry) } : setupOf(entry);
    const attempt = aggregateOf(inputOf(entry), { ...setup, distancePath: "exact" });
    await expect(attempt).rejects.toMatchObject({ code: "NOT_FINITE" });
  });

  test.each(PATHS)("227 weights near 1000 that differ by 1/64 keep their distances on the %s path", async (path) => {
    const entry = ENTRIES.find(({ index }) => index === 227) as Entry;
    const { exact_sq_distances_float64: expected } = entry.output as Record<string, readonly (readonly number[])[]>;
    const { numRows, squaredDistances } = await geometryOf(inputOf(entry), path);
    for (const [i, row] of (expected ?? []).entries()) {
      const start = (i + 1) * numRows + 1;
      expect(furthest(squaredDistances.subarray(start, start + row.length), row)).toBeLessThanOrEqual(entry.tolerance);
    }
  });
});

describe("the collection", () => {
  test.each(SKIPPED)("$index $name of $source_repo is not to be matched: $reason", ({ index, reason }) => {
    expect(ENTRIES.some((entry) => entry.index === index)).toBe(false);
    expect(reason).not.toBe("");
  });

  test("every one of its 251 entries is compared here or with the attacks, or is listed with a reason", () => {
    const listed = [...ENTRIES, ...SKIPPED, ...attacks.entries, ...attacks.skipped].map(({ index }) => index);
    expect([...new Set(listed)].sort((a, b) => a - b)).toEqual(Array.from({ length: 251 }, (_, i) => i));
  });
});
