import { describe, expect, test } from "vitest";
import type { DistancePath } from "../../core/vector/kernels/pairwise.ts";
import type { Rows } from "./engine/engine.ts";
import { measure, mixGeometry } from "./geometry.ts";
import { distancePathOf } from "./pipeline.ts";
import type { Geometry, Mixing } from "./rule.ts";
import { byKrumScore } from "./rules/krum-scores.ts";
import { float32, geometryOf, normalVectors, pipelineFor, rowsOf, testEngine } from "./testing.ts";

const at = ({ numRows }: Geometry, i: number, j: number) => i * numRows + j;

const measured = (rows: Rows, path: DistancePath) =>
  measure(testEngine, rows, { path, innerProducts: true, betweenUpdates: true, numUpdates: rows.sources.length });

/** A mixing that scales row i by factors[i]. */
function scaling(factors: readonly number[]): Mixing {
  const numRows = factors.length + 1;
  const values = new Float64Array(factors.length * numRows);
  for (const [i, factor] of factors.entries()) values[i * numRows + i + 1] = factor;
  return { numOutputs: factors.length, numRows, values };
}

/** A mixing whose output i is the mean of rows i and i + 1, the last with the first. */
function pairMeans(n: number): Mixing {
  const numRows = n + 1;
  const values = new Float64Array(n * numRows);
  for (let i = 0; i < n; i++) {
    values[i * numRows + 1 + i] = 0.5;
    values[i * numRows + 1 + ((i + 1) % n)] = 0.5;
  }
  return { numOutputs: n, numRows, values };
}

/** NormClipping: factors that bring each row to a norm of at most `bound`. */
function clippingTo(bound: number, geometry: Geometry): Mixing {
  const norms = Array.from({ length: geometry.numUpdates }, (_, i) =>
    Math.sqrt(geometry.innerProducts[at(geometry, i + 1, i + 1)] as number),
  );
  return scaling(norms.map((norm) => Math.min(1, bound / norm)));
}

describe("the geometry of a round", () => {
  test.each(["fast", "exact"] as const)("worked by hand on the %s path: (3, 4) and (0, 1)", async (path) => {
    const { squaredDistances, innerProducts } = await geometryOf(float32([3, 4], [0, 1]), path);
    expect([...squaredDistances]).toEqual([0, 25, 1, 25, 0, 18, 1, 18, 0]);
    expect([...innerProducts]).toEqual([0, 0, 0, 0, 25, 4, 0, 4, 1]);
  });

  test("over several blocks it agrees with a plain sum", async () => {
    const [a, b] = normalVectors(2, 40_000, 1) as [Float32Array, Float32Array];
    const expected = a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0);
    const exact = await geometryOf([a, b], "exact");
    const fast = await geometryOf([a, b], "fast");
    expect(Math.abs((exact.squaredDistances[at(exact, 1, 2)] as number) / expected - 1)).toBeLessThan(1e-12);
    expect(Math.abs((fast.squaredDistances[at(fast, 1, 2)] as number) / expected - 1)).toBeLessThan(1e-5);
  });

  test("near-identical colluders keep their distances, on both paths", async () => {
    const rows = Array.from({ length: 4 }, (_, i) =>
      new Float32Array(100).fill(1000).map((x, k) => x + (k === i ? 1 / 64 : 0)),
    );
    for (const path of ["fast", "exact"] satisfies DistancePath[]) {
      const geometry = await geometryOf(rows, path);
      for (const [i, j] of [
        [1, 2],
        [2, 4],
        [3, 4],
      ] as const) {
        expect(geometry.squaredDistances[at(geometry, i, j)]).toBe(2 / 64 ** 2);
      }
    }
  });
});

describe("the path of the distances", () => {
  const krum = pipelineFor({ rule: "Krum" });

  test("float64 wherever the geometry of mixed rows is read, or inner products", () => {
    for (const setup of [{ rule: "Krum", preAggregators: ["NNM"] }, { rule: "GeometricMedian" }]) {
      expect(distancePathOf(pipelineFor(setup), [1, 1])).toBe("exact");
    }
    expect(distancePathOf(pipelineFor({ rule: "TrimmedMean", preAggregators: ["NNM"] }), [1, 1])).toBe("fast");
  });

  test("float32 while the norms lie within a factor of 1,000", () => {
    expect(distancePathOf(krum, [1, 2, 999])).toBe("fast");
    expect(distancePathOf(krum, [1, 1000])).toBe("fast");
    expect(distancePathOf(krum, [1, 1001])).toBe("exact");
    expect(distancePathOf(krum, [0, 1])).toBe("exact");
  });

  test("float64 where squares would leave the range of float32", () => {
    expect(distancePathOf(krum, [1e19, 1e19])).toBe("exact");
    expect(distancePathOf(krum, [1e-20, 1e-20])).toBe("exact");
  });
});

describe("the geometry of mixed rows", () => {
  test("is that of the mixed vectors", async () => {
    const vectors = normalVectors(5, 300, 2);
    const rows = rowsOf(vectors);
    const numRows = 6;
    const values = Float64Array.from({ length: 3 * numRows }, (_, k) => (k % numRows === 0 ? 0 : Math.sin(k)));
    const mixed = Array.from({ length: 3 }, (_, i) =>
      Float32Array.from({ length: 300 }, (_, c) =>
        vectors.reduce((sum, x, j) => sum + (values[i * numRows + j + 1] as number) * (x[c] as number), 0),
      ),
    );
    const expected = await geometryOf(mixed, "exact");
    const actual = await mixGeometry(
      testEngine,
      await measured(rows, "exact"),
      { numOutputs: 3, numRows, values },
      rows,
    );
    for (const [k, d] of expected.squaredDistances.entries()) {
      expect(Math.abs((actual.squaredDistances[k] as number) - d)).toBeLessThan(1e-4);
      expect(Math.abs((actual.innerProducts[k] as number) - (expected.innerProducts[k] as number))).toBeLessThan(1e-4);
    }
  });

  test("rows that are all the same stay at distance 0 of one another, never below", async () => {
    const rows = rowsOf(Array.from({ length: 7 }, () => new Float32Array(1000).fill(0.1)));
    const geometry = await measured(rows, "fast");
    const seventh = new Float64Array(7 * 8).fill(1 / 7).map((w, k) => (k % 8 === 0 ? 0 : w));
    const { squaredDistances } = await mixGeometry(
      testEngine,
      geometry,
      { numOutputs: 7, numRows: 8, values: seventh },
      rows,
    );
    for (let i = 1; i < 8; i++) expect(squaredDistances.slice(i * 8 + 1, i * 8 + 8)).toEqual(new Float64Array(7));
    expect(squaredDistances.every((d) => d >= 0)).toBe(true);
  });

  test("a mean that falls on a row is at distance 0 or a little above, never below", async () => {
    const third = 1 / 3;
    const mixing = { numOutputs: 2, numRows: 4, values: Float64Array.of(0, third, third, third, 0, 0, 1, 0) };
    for (let k = 1; k < 50; k++) {
      const rows = rowsOf(float32(...[0, 7, 14].map((step) => [2 ** -6 + step * k * 2 ** -20])));
      const mixed = await mixGeometry(testEngine, await measured(rows, "exact"), mixing, rows);
      const distance = mixed.squaredDistances[at(mixed, 1, 2)];
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThan(1e-20);
    }
  });

  test.each([
    ["rows scaled down from far away", float32([1e25, 0], [0, 1e25], [1, 1]), scaling([1e-25, 1e-25, 1])],
    ["rows close together and far from the origin", float32([1e6, 0], [1e6, 1], [1e6, 2]), pairMeans(3)],
  ] as const)("%s need no second look", async (_, vectors, mixing) => {
    const geometry = await geometryOf(vectors, "exact");
    const missing = { kind: "file", path: "/nowhere", offset: 0, sizeBytes: 8 } as const;
    const rows = { ...rowsOf(vectors), sources: vectors.map(() => missing) };
    await expect(mixGeometry(testEngine, geometry, mixing, rows)).resolves.toBeDefined();
  });

  test.each([1e8, 1e17, 1e25, 1e30])("clipping, then Krum: attackers of norm %f are never picked", async (norm) => {
    for (let seed = 0; seed < 8; seed++) {
      const honest = normalVectors(7, 50, seed).map((x) => x.map((v, k) => (k === 0 ? 3 : v / 10)));
      const attackers = normalVectors(2, 50, 100 + seed).map((x) => x.map((v) => (v / Math.hypot(...x)) * norm));
      const rows = rowsOf([...attackers, ...honest]);
      const geometry = await measured(rows, "exact");
      const clipped = await mixGeometry(testEngine, geometry, clippingTo(4, geometry), rows);
      expect(byKrumScore(clipped, 2, "n-f-2")[0]).toBeGreaterThan(2);
    }
  });

  test("where both formulas cancel, the distance is computed from the rows", async () => {
    const far = 2 ** 40;
    const rows = rowsOf(float32([far, 0], [-far, 1], [0, 5]));
    const numRows = 4;
    // (x1 + x2)/2 = (0, 1/2), whose distance to x3 is 4.5: far below the rounding of far^2
    const mixing = { numOutputs: 2, numRows, values: Float64Array.of(0, 0.5, 0.5, 0, 0, 0, 0, 1) };
    const { squaredDistances } = await mixGeometry(testEngine, await measured(rows, "exact"), mixing, rows);
    expect([...squaredDistances]).toEqual([0, 0.25, 25, 0.25, 0, 20.25, 25, 20.25, 0]);
  });
});
