import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import { diagnose, type Figures, median, ranks } from "./diagnostics.ts";
import type { Observations } from "./pipeline.ts";
import { aggregateOf, type Setup } from "./testing.ts";

async function figuresOf(vectors: readonly (readonly number[])[], setup: Setup): Promise<Figures> {
  const rows = vectors.map((vector) => Float32Array.from(vector));
  const { observations } = await aggregateOf(rows, { ...setup, observe: true });
  if (observations === undefined) throw new Error("nothing was observed");
  return diagnose(observations, setup.numByzantine ?? 0);
}

const nothing: Observations = {
  norms: Float64Array.of(3, 4),
  innerProductsWithAggregate: Float64Array.of(9, -8),
  aggregateNorm: 3,
  geometry: undefined,
  mixing: undefined,
  clipFactors: undefined,
  outsideFraction: undefined,
  coefficients: undefined,
  perUpdate: {},
};

test("worked by hand: norms, their ratio to the median and cosines with the mean", async () => {
  const figures = await figuresOf(
    [
      [3, 4],
      [6, 8],
      [0, 5],
    ],
    { rule: "FedAvg" },
  );
  expect(figures["norm"]).toEqual([5, 10, 5]);
  expect(figures["normRatio"]).toEqual([1, 2, 1]);
  expect(figures["coefficient"]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  // the mean is (3, 17/3): its norm is sqrt(9 + 289/9), the inner products are 31 + 2/3, 63 + 1/3 and 28 + 1/3
  const norm = Math.sqrt(9 + 289 / 9);
  [95 / 3 / 5, 190 / 3 / 10, 85 / 3 / 5].forEach((expected, i) => {
    expect(figures["cosine"]?.[i]).toBeCloseTo(expected / norm, 6);
  });
  const names = ["coefficient", "cosine", "krumRank", "krumScore", "norm", "normRatio"];
  expect(Object.keys(figures).sort()).toEqual(names);
});

test("worked by hand: the trimmed mean leaves the outlier out in every coordinate, and each of the others in one", async () => {
  const figures = await figuresOf(
    [
      [1, 2],
      [2, 1],
      [3, 3],
      [100, -100],
    ],
    { rule: "TrimmedMean", numByzantine: 1 },
  );
  // of 1, 2, 3, 100 goes 1 and 100; of 2, 1, 3, -100 goes -100 and 3
  expect(figures["trimmed"]).toEqual([0.5, 0, 0.5, 1]);
});

test("worked by hand: Krum scores and ranks; the chosen one has all of the coefficient", async () => {
  const figures = await figuresOf([[0], [1], [3], [10], [2]], { rule: "Krum", numByzantine: 1 });
  // each sums its n - f - 2 = 2 least squared distances
  expect(figures["krumScore"]).toEqual([1 + 4, 1 + 1, 1 + 4, 49 + 64, 1 + 1]);
  expect(figures["krumRank"]).toEqual([3, 1, 4, 5, 2]);
  expect(figures["coefficient"]).toEqual([0, 1, 0, 0, 0]);
});

test("no Krum score where n is below 2f + 3, though the distances were measured", async () => {
  const figures = await figuresOf([[0], [1], [3], [10]], { rule: "Median", preAggregators: ["NNM"], numByzantine: 1 });
  expect(figures["krumScore"]).toBeUndefined();
});

test("NNM: the far one is among nobody's nearest; what the mixed rows lost is handed down by shares", async () => {
  const setup = { rule: "TrimmedMean", preAggregators: ["NNM"], numByzantine: 1 };
  const figures = await figuresOf([[0], [1], [2], [10]], setup);
  // the nearest three of 0, 1 and 2 are these three, so their mixed rows are 1, 1 and 1; of 10 they are 10, 2 and 1
  expect(figures["inDegree"]).toEqual([2, 3, 3, 0]);
  // of 1, 1, 1, 13/3 the last and one of the ones go; whichever it is, the far update is in the last row only
  expect(figures["trimmed"]?.[3]).toBe(1);
  expect(figures["trimmed"]?.[0]).toBeLessThan(0.5);
});

test("clipping shows its factors and no in-degree", async () => {
  const clipping = { name: "NormClipping", clipNorm: 5 };
  const figures = await figuresOf(
    [
      [3, 4],
      [6, 8],
      [0, 0],
    ],
    { rule: "FedAvg", preAggregators: [clipping] },
  );
  expect(figures["clipFactor"]).toEqual([1, 0.5, 1]);
  expect(figures["inDegree"]).toBeUndefined();
});

test("clip factors are of the updates: those of rows that were mixed before are nobody's", async () => {
  const clipping = { name: "NormClipping", clipNorm: 2 };
  const half = { name: "NormClipping", clipNorm: 1 };
  const vectors = [[1], [2], [4], [0], [-8]];
  const factorsOf = async (...preAggregators: NonNullable<Setup["preAggregators"]>) =>
    (await figuresOf(vectors, { rule: "FedAvg", preAggregators, numByzantine: 1 }))["clipFactor"];
  expect(await factorsOf("Bucketing", clipping)).toBeUndefined();
  expect(await factorsOf("NNM", clipping)).toBeUndefined();
  expect(await factorsOf(clipping, "Bucketing", half)).toEqual([1, 1, 0.5, 1, 0.25]);
  expect(await factorsOf(clipping, half)).toEqual([1, 0.5, 0.25, 1, 0.125]);
});

test("references are no updates, even where pre-aggregators come before the rule that reads them", async () => {
  const vectors = [[1], [1.1], [0.9], [50], [1.2]];
  const references = { rootUpdate: Float32Array.of(1), previousAggregate: Float32Array.of(1) };
  for (const rule of [{ name: "CenteredClipping", tau: 1 }, "FLTrust"]) {
    const figures = await figuresOf(vectors, { rule, preAggregators: ["NNM"], numByzantine: 1, references });
    expect(figures["inDegree"]).toEqual([4, 4, 3, 0, 4]);
    expect(Object.keys(figures).some((name) => name.startsWith("rule."))).toBe(true);
    for (const figure of Object.values(figures)) expect(figure).toHaveLength(vectors.length);
  }
});

test("worked by hand: a median leaves all but the middle out; Bulyan what it does not pick, and two more at either end", async () => {
  const vectors = [[0], [1], [2], [3], [4], [30], [100]];
  expect((await figuresOf(vectors, { rule: "Median", numByzantine: 1 }))["trimmed"]).toEqual([1, 1, 1, 0, 1, 1, 1]);
  const figures = await figuresOf(vectors, { rule: "Bulyan", numByzantine: 1 });
  // it picks n - 2f = 5, and of these it averages the n - 4f = 3 that lie nearest their median
  expect(figures["rule.picked"]).toEqual([1, 1, 1, 1, 1, 0, 0]);
  expect(figures["trimmed"]).toEqual([1, 0, 0, 0, 1, 1, 1]);
  // of the last one there is something in its own mixed row only, which lies far from the others
  const mixed = await figuresOf(vectors, { rule: "Bulyan", preAggregators: ["NNM"], numByzantine: 1 });
  expect(mixed["trimmed"]).toHaveLength(7);
  expect(mixed["trimmed"]?.[6]).toBe(1);
});

test("Krum scores are there under every rule, whether it measures distances or not", async () => {
  const vectors = [[0], [1], [3], [10], [2]];
  const expected = (await figuresOf(vectors, { rule: "Krum", numByzantine: 1 }))["krumScore"];
  for (const rule of ["FedAvg", "TrimmedMean", "Median", "CGE", { name: "CenteredClipping", tau: 1 }]) {
    expect((await figuresOf(vectors, { rule, numByzantine: 1 }))["krumScore"]).toEqual(expected);
  }
});

test("the geometric median's own weights are there, and its far update weighs least", async () => {
  const figures = await figuresOf([[0], [1], [2], [100]], { rule: "GeometricMedian", numByzantine: 1 });
  const ofRule = Object.keys(figures).filter((name) => name.startsWith("rule."));
  expect(ofRule.length).toBeGreaterThan(0);
  const share = figures["coefficient"] ?? [];
  expect(Math.min(...share.map(Number))).toBe(share[3]);
});

test("what has no finite value is null: a cosine with the zero vector, a ratio to a median of zero", () => {
  const zeros = { ...nothing, norms: Float64Array.of(0, 0, 2), innerProductsWithAggregate: new Float64Array(3) };
  expect(diagnose(zeros, 0)).toEqual({ norm: [0, 0, 2], normRatio: [null, null, null], cosine: [null, null, 0] });
  expect(diagnose({ ...nothing, aggregateNorm: 0 }, 0)["cosine"]).toEqual([null, null]);
});

test("cosines stay within -1 and 1, and norms whose product overflows still have one", () => {
  expect(diagnose({ ...nothing, innerProductsWithAggregate: Float64Array.of(9.0001, -12.1) }, 0)["cosine"]).toEqual([
    1, -1,
  ]);
  const huge = { ...nothing, norms: Float64Array.of(1e200, 1), innerProductsWithAggregate: Float64Array.of(1e308, 0) };
  expect(diagnose({ ...huge, aggregateNorm: 1e200 }, 0)["cosine"]?.[0]).toBeCloseTo(1e-92);
});

test("whatever is observed, the figures are canonical JSON with one entry for each update", () => {
  const number = fc.oneof(fc.double(), fc.constant(Number.NaN), fc.constant(Number.POSITIVE_INFINITY), fc.constant(0));
  const column = fc.array(number, { minLength: 3, maxLength: 3 }).map((values) => Float64Array.from(values));
  fc.assert(
    fc.property(column, column, column, number, (norms, products, weight, aggregateNorm) => {
      const observed = {
        ...nothing,
        norms,
        innerProductsWithAggregate: products,
        aggregateNorm,
        perUpdate: { weight },
      };
      const figures = diagnose(observed, 1);
      expect(JSON.parse(canonicalJson(figures))).toEqual(JSON.parse(JSON.stringify(figures)));
      for (const figure of Object.values(figures)) expect(figure).toHaveLength(3);
    }),
  );
});

test("the median of an even number is the mean of the middle two; ties rank by row", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([])).toBeNaN();
  expect([...ranks(Float64Array.of(2, 1, 2, 0))]).toEqual([3, 2, 4, 1]);
});
