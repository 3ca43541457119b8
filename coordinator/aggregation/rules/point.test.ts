import { describe, expect, test } from "vitest";
import { geometricMedian } from "./geometric-median.ts";
import { distancesTo } from "./point.ts";
import { ruleInput } from "./testing.ts";

const rule = geometricMedian({ numByzantine: 0, nu: 1e-6, maxIterations: 1, tolerance: 0, start: "mean" });
const geometryOf = (updates: number[][]) => ruleInput(rule, { updates }).geometry;

describe("distances of the rows to a point that they make up", () => {
  test("worked by hand: the mean of (0, 0), (6, 0) and (0, 8)", () => {
    const distances = distancesTo(
      geometryOf([
        [6, 0],
        [0, 8],
      ]),
      Float64Array.of(1 / 3, 1 / 3, 1 / 3),
    );
    expect(distances[0]).toBeCloseTo(Math.hypot(2, 8 / 3), 12);
    expect(distances[1]).toBeCloseTo(Math.hypot(4, 8 / 3), 12);
    expect(distances[2]).toBeCloseTo(Math.hypot(2, 16 / 3), 12);
  });

  test("a point on a row lies at that row", () => {
    const distances = distancesTo(
      geometryOf([
        [1e9, 1],
        [3, 4],
      ]),
      Float64Array.of(0, 0, 1),
    );
    expect([...distances]).toEqual([5, Math.hypot(1e9 - 3, 3), 0]);
  });

  test("a row of norm 1e15 with a coefficient of 1e-15 leaves the distances of the others exact", () => {
    const updates = [
      [1e15, 0],
      [1, 0],
      [0, 1],
      [2, 2],
    ];
    const share = (1 - 1e-15) / 3;
    const distances = distancesTo(geometryOf(updates), Float64Array.of(0, 1e-15, share, share, share));
    expect(distances[2]).toBeCloseTo(Math.hypot(1, 1), 12);
    expect(distances[3]).toBeCloseTo(2, 12);
  });

  test("rows of norm 1e9 that differ by 1e-3 keep their distances", () => {
    const updates = [
      [1e9, 0],
      [1e9, 1e-3],
      [1e9, 2e-3],
    ];
    const distances = distancesTo(geometryOf(updates), Float64Array.of(0, 0.25, 0.5, 0.25));
    expect(distances[1]).toBeCloseTo(1e-3, 12);
    expect(distances[2]).toBeCloseTo(0, 12);
  });

  test("all rows the same: no distance is NaN", () => {
    const distances = distancesTo(geometryOf([[0.1], [0.1], [0.1]]), Float64Array.of(0, 0.3, 0.3, 0.4));
    expect([...distances.subarray(1)]).toEqual([0, 0, 0]);
  });

  test("without inner products the distances alone are enough", () => {
    const { numRows, ...geometry } = geometryOf([
      [1, 0],
      [3, 0],
    ]);
    const innerProducts = geometry.innerProducts.map((value, at) => (at % (numRows + 1) === 0 ? value : Number.NaN));
    const distances = distancesTo({ ...geometry, numRows, innerProducts }, Float64Array.of(0, 0.5, 0.5));
    expect([...distances]).toEqual([2, 1, 1]);
  });
});
