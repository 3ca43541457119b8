import { describe, expect, test } from "vitest";
import { bandwidthOf, largestCluster } from "./mean-shift.ts";

const line = (...values: readonly number[]) => values.map((it) => [it]);

describe("mean shift", () => {
  test("three close points outnumber two", () => {
    expect(largestCluster(line(0, 1, 10, 11, 12), 3)).toEqual([false, false, true, true, true]);
  });

  test("a point farther than a bandwidth from every mode belongs nowhere", () => {
    expect(largestCluster(line(0, 0, 0, 1.9), 1)).toEqual([true, true, true, false]);
  });

  test("modes within a bandwidth of a stronger one are that one", () => {
    // climbing ends at -0.3, 0, 0, 0.3 and 1.35; with 0, of four points, -0.3 and 0.3 fall together
    expect(largestCluster(line(-0.9, 0, 0, 0.9, 1.8), 1)).toEqual([true, true, true, false, false]);
  });

  test("of two clusters of one size, which wins does not depend on the order of the points", () => {
    expect(largestCluster(line(0, 0, 5, 5), 1)).toEqual([false, false, true, true]);
    expect(largestCluster(line(5, 0, 5, 0), 1)).toEqual([true, false, true, false]);
  });

  test("equal points with a bandwidth above their rounding are one cluster", () => {
    const points = Array.from({ length: 7 }, () => [0.1, 0.2, 0.7]);
    expect(largestCluster(points, 1e-10)).toEqual(points.map(() => true));
  });

  test("the bandwidth is the mean distance to the nearest half, itself included", () => {
    // floor(4/2) = 2: the nearest other
    expect(bandwidthOf(line(0, 1, 3, 7), 0.5)).toBe((1 + 1 + 2 + 4) / 4);
    expect(bandwidthOf(line(4), 0.5)).toBe(0);
  });

  test("points of a simplex: bandwidth and members are those of scikit-learn 1.9.1 (cluster_all=False)", () => {
    const many = [
      [0.727, 0.031, 0.242],
      [0.569, 0.077, 0.353],
      [0.645, 0.037, 0.318],
      [0.493, 0.041, 0.466],
      [0.552, 0.079, 0.369],
      [0.657, 0.011, 0.332],
      [0.648, 0.026, 0.326],
    ];
    const few = [
      [0.174, 0.07, 0.756],
      [0.137, 0.03, 0.832],
      [0.157, 0.011, 0.832],
      [0.204, 0.067, 0.729],
    ];
    const astray = [0.9, 0.05, 0.05];
    const points = [...few, ...many, astray];
    const bandwidth = bandwidthOf(points, 0.5);
    expect(bandwidth).toBeCloseTo(0.3163792414128132, 14);
    expect(largestCluster(points, bandwidth)).toEqual(points.map((point) => many.includes(point)));
  });
});
