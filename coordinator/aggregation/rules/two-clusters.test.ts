import { describe, expect, test } from "vitest";
import { gaussian } from "../../../core/random/gaussian.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { upperCluster } from "./two-clusters.ts";

const random = (seed = 1) => seededRandom(new Uint8Array(32).fill(seed));
const upper = (scores: readonly number[], seed?: number) => upperCluster(Float64Array.from(scores), random(seed));

describe("the upper of two clusters", () => {
  test("two scores far above eight are it, wherever they stand", () => {
    const scores = [1, 1.1, 9, 0.9, 1, 1.05, 8.7, 0.95, 1.02, 1];
    expect(upper(scores)).toEqual(scores.map((it) => it > 5));
  });

  test("the scale of the scores does not matter", () => {
    for (const scale of [1e-6, 1, 1e12]) {
      const scores = [1, 1.1, 9, 0.9, 1, 1.05].map((it) => 3 + it * scale);
      expect(upper(scores)?.[2]).toBe(true);
    }
  });

  test("evenly spread scores are one cluster", () => {
    expect(upper([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeUndefined();
  });

  test("normal scores are taken for two clusters in few rounds", () => {
    const draw = gaussian(random(7));
    const mistaken = Array.from({ length: 200 }, (_, seed) => upper(Array.from({ length: 20 }, draw), seed));
    expect(mistaken.filter((it) => it !== undefined).length).toBeLessThan(20);
  });

  test.each([
    ["none", []],
    ["one", [3]],
    ["two", [1, 100]],
    ["equal ones", [2, 2, 2, 2]],
  ])("%s: not two clusters", (_, scores) => {
    expect(upper(scores)).toBeUndefined();
  });

  test("one score far below many and one far above are not two clusters", () => {
    expect(upper([0, ...Array<number>(18).fill(0.5), 1])).toBeUndefined();
  });

  test("rounding makes no clusters", () => {
    expect(upper([0.25, 0.25, 0.25, 0.25 + 2 ** -54])).toBeUndefined();
  });

  test("perfect clusters, of which nothing is within, are two", () => {
    expect(upper([1, 1, 1, 5])).toEqual([false, false, false, true]);
  });
});
