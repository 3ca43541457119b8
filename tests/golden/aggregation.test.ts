import { describe, expect, test } from "vitest";
import { measure } from "../../coordinator/aggregation/geometry.ts";
import { nnm } from "../../coordinator/aggregation/pre-aggregators/nnm.ts";
import { byKrumScore } from "../../coordinator/aggregation/rules/krum-scores.ts";
import { aggregateOf, chance, float32, rowsOf, type Setup } from "../../coordinator/aggregation/testing.ts";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import golden from "./aggregation.json" with { type: "json" };

/** One result of a published implementation; `index` is its place in the collection the entries were taken from. */
interface Entry {
  readonly index: number;
  readonly source_repo: string;
  readonly name: string;
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly input: readonly (readonly (number | string)[])[];
  readonly output: unknown;
  readonly tolerance: number;
}

const ENTRIES = golden.entries as readonly Entry[];
const PATHS: readonly DistancePath[] = ["fast", "exact"];

/** What no variant of ours should reproduce, and why. Everything else must pass. */
const SKIPPED: ReadonlyMap<number, string> = new Map([
  [75, "a pipeline with ARC, which is not among the pre-aggregators offered"],
  [76, "a pipeline with ARC, which is not among the pre-aggregators offered"],
  [130, "averages the selected updates weighted by the examples clients claim; ours are averaged as equals"],
  [131, "trims by a fraction that truncates: int(0.2 * 8) = 1"],
  [133, "averages the selected updates weighted by the examples clients claim"],
  [135, "averages the selected updates weighted by the examples clients claim"],
  [136, "averages the selected updates weighted by the examples clients claim"],
  [148, "takes the lower of the two middle values; ours averages the two"],
  [159, "Krum with m = 2 returns the sum of the two, not their mean"],
  [160, "Krum with m = 2 returns the sum of the two, not their mean"],
  [180, "counts the distance to itself among the neighbours, and removes and scores again"],
  [181, "counts the distance to itself among the neighbours, and removes and scores again"],
  [233, "takes the upper of the two middle values"],
  [234, "takes the upper of the two middle values"],
  [246, "pulls the extremes in to a quantile (winsorizing) instead of trimming them"],
]);

type Params = Entry["params"];
const number = (params: Params, ...keys: readonly string[]) =>
  keys.map((key) => params[key]).find((value): value is number => typeof value === "number");
const byzantine = (params: Params) =>
  number(params, "f", "b", "num_malicious", "num_malicious_nodes", "n_attackers") ?? 0;
const numbers = (value: unknown) => (Array.isArray(value) ? (value as number[]) : undefined);

const fedAvg = ({ params }: Entry): Setup => {
  const weights = numbers(params["num_examples"] ?? params["weights"]);
  return { rule: "FedAvg", ...(weights && { weights }) };
};
const median = (): Setup => ({ rule: "Median" });
const trimmedMean = ({ params }: Entry): Setup => ({ rule: "TrimmedMean", numByzantine: byzantine(params) });
const nnmThenTrimmedMean = ({ params }: Entry): Setup => ({
  rule: "TrimmedMean",
  preAggregators: ["NNM"],
  numByzantine: byzantine(params),
});

/** Trims a fraction whose count comes out whole. */
const fractionTrimmed = ({ params, input }: Entry): Setup => {
  const fraction = number(params, "beta", "proportiontocut") ?? 0;
  return { rule: "TrimmedMean", numByzantine: Math.ceil(fraction * input.length - 1e-9) };
};

const krum =
  (neighbours: "n-f-2" | "n-f-1") =>
  (entry: Entry): Setup => ({
    rule: { name: "Krum", neighbours },
    numByzantine: byzantine(entry.params),
  });

const multiKrum =
  (neighbours: "n-f-2" | "n-f-1") =>
  (entry: Entry): Setup => ({
    rule: { name: "MultiKrum", neighbours, select: number(entry.params, "m", "q", "num_nodes_to_select") ?? "n-f" },
    numByzantine: byzantine(entry.params),
  });

/** Published name to our variant of it. */
const VARIANTS: Readonly<Record<string, (entry: Entry) => Setup>> = {
  Average: fedAvg,
  aggregate: fedAvg,
  "aggregate(weighted mean)": fedAvg,
  "weighted mean": fedAvg,
  Median: median,
  CoordinateWiseMedian: median,
  FedMedian: median,
  "FedMedian(scalar)": median,
  median,
  CM: median,
  "native-median": median,
  TrMean: trimmedMean,
  CoordinateWiseTrimmedMean: trimmedMean,
  trmean: trimmedMean,
  TM: trimmedMean,
  tr_mean: trimmedMean,
  FedTrimmedAvg: fractionTrimmed,
  "FedTrimmedAvg(scalar)": fractionTrimmed,
  aggregate_trimmed_avg: fractionTrimmed,
  Krum: krum("n-f-1"),
  "aggregate_krum(to_keep=0)": krum("n-f-2"),
  "Krum(m=1)": krum("n-f-2"),
  "multi_krum(multi_k=False)": krum("n-f-2"),
  MultiKrum: multiKrum("n-f-1"),
  krum: multiKrum("n-f-1"),
  "MultiKrum(m=3)": multiKrum("n-f-2"),
  "MultiKrum(m=4)": multiKrum("n-f-2"),
  "MultiKrum(m=7)": multiKrum("n-f-2"),
  "native-krum": multiKrum("n-f-2"),
  NNM: nnmThenTrimmedMean,
  "NNM->TrMean": nnmThenTrimmedMean,
  "RobustAggregator(Clipping->NNM->TrMean)": () => ({
    rule: "TrimmedMean",
    preAggregators: ["NNM"],
    numByzantine: 1,
    clipNorm: 2,
  }),
  "SignFlipping x1 then TrMean(f=1)": trimmedMean,
};

/** The input as the rule sees it; one entry names the attacker's row in its note only. */
function inputOf({ name, input }: Entry): Float32Array[] {
  const attackers = name.startsWith("SignFlipping") ? [[-4, -5, -6]] : [];
  return float32(...input.map((row) => row.map(Number)), ...attackers);
}

function outputOf({ output }: Entry): readonly number[] {
  const values = numbers(output) ?? numbers((output as { aggregate?: unknown }).aggregate);
  if (values === undefined) throw new Error("the entry has no output vector");
  return values;
}

/** The product stores float32. */
function toleranceOf({ input, tolerance }: Entry): number {
  return Math.max(tolerance, 1e-6 * Math.max(...input.flat().map((value) => Math.abs(Number(value)))));
}

function expectClose(values: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(values.length).toBe(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs((values[i] as number) - value)).toBeLessThanOrEqual(tolerance);
}

const titled = (entries: readonly Entry[]) =>
  entries.map((entry) => ({ entry, title: `${entry.index} ${entry.name} of ${entry.source_repo}` }));
const isPreAggregator = ({ kind }: Entry) => kind === "preaggregator";
const isSelection = ({ kind }: Entry) => kind === "selection";
const isEdgeCase = ({ kind }: Entry) => kind === "edge_case";
const isAggregate = (entry: Entry) => !(isPreAggregator(entry) || isSelection(entry) || isEdgeCase(entry));

describe("published results of the rules", () => {
  const compared = ENTRIES.filter((entry) => isAggregate(entry) && !SKIPPED.has(entry.index));

  test.each(titled(compared))("$title", async ({ entry }) => {
    const setup = VARIANTS[entry.name]?.(entry);
    if (setup === undefined) throw new Error(`${entry.name} is neither skipped nor one of our variants`);
    for (const distancePath of PATHS) {
      const { values } = await aggregateOf(inputOf(entry), { ...setup, distancePath });
      expectClose(values, outputOf(entry), toleranceOf(entry));
    }
  });

  test.each([...SKIPPED])("%i is not to be matched: it %s", (index) => {
    expect(ENTRIES.some((entry) => entry.index === index)).toBe(true);
  });
});

describe("published results of nearest-neighbour mixing", () => {
  test.each(titled(ENTRIES.filter(isPreAggregator)))("$title", async ({ entry }) => {
    const vectors = inputOf(entry);
    const { values, numRows } = nnm({ numByzantine: byzantine(entry.params) }).mix(
      await measure(rowsOf(vectors), "exact"),
      chance,
    );
    const expected = entry.output as readonly (readonly number[])[];
    for (const [i, row] of expected.entries()) {
      const mixed = row.map((_, k) =>
        vectors.reduce((sum, x, j) => sum + (values[i * numRows + j + 1] as number) * (x[k] as number), 0),
      );
      expectClose(mixed, row, toleranceOf(entry));
    }
  });
});

describe("published orders of Krum scores", () => {
  test.each(titled(ENTRIES.filter(isSelection)))("$title", async ({ entry }) => {
    const geometry = await measure(rowsOf(inputOf(entry)), "exact");
    const order = byKrumScore(geometry, byzantine(entry.params), "n-f-2").map((row) => row - 1);
    const expected = entry.output as readonly number[];
    expect(order.slice(0, expected.length)).toEqual(expected);
  });
});

describe("published accidents", () => {
  const nonFinite = ENTRIES.filter((entry) => isEdgeCase(entry) && "case" in entry.params);

  test.each(titled(nonFinite))("$title: a row that is not finite stops the round", async ({ entry }) => {
    const setup = VARIANTS[entry.name]?.(entry) as Setup;
    const attempt = aggregateOf(inputOf(entry), { ...setup, distancePath: "exact" });
    await expect(attempt).rejects.toMatchObject({ code: "NOT_FINITE" });
  });

  test.each(PATHS)("227 weights near 1000 that differ by 1/64 keep their distances on the %s path", async (path) => {
    const entry = ENTRIES.find(({ index }) => index === 227) as Entry;
    const { exact_sq_distances_float64: expected } = entry.output as Record<string, readonly (readonly number[])[]>;
    const { numRows, squaredDistances } = await measure(rowsOf(inputOf(entry)), path);
    for (const [i, row] of (expected ?? []).entries()) {
      const start = (i + 1) * numRows + 1;
      expectClose(squaredDistances.subarray(start, start + row.length), row, entry.tolerance);
    }
  });
});
