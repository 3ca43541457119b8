import { describe, expect, test } from "vitest";
import { aggregateOf, float32 } from "../testing.ts";

describe("MultiKrum", () => {
  const vectors = float32([1], [2], [3], [9], [50]);

  test("worked by hand: the mean of the two lowest scores, 2 and 1", async () => {
    const { values, coefficients } = await aggregateOf(vectors, { rule: "MultiKrum", numByzantine: 1 });
    expect([...values]).toEqual([1.5]);
    expect(coefficients).toEqual(Float64Array.of(0.5, 0.5, 0, 0, 0));
  });

  test("select: n - f of them, or a count", async () => {
    const all = await aggregateOf(vectors, { rule: { name: "MultiKrum", select: "n-f" }, numByzantine: 1 });
    expect([...all.values]).toEqual([3.75]);
    const one = await aggregateOf(vectors, { rule: { name: "MultiKrum", select: 1 }, numByzantine: 1 });
    expect([...one.values]).toEqual([2]);
  });

  test("more than n - f would always take an attacker and is refused", async () => {
    const greedy = aggregateOf(vectors, { rule: { name: "MultiKrum", select: 5 }, numByzantine: 1 });
    await expect(greedy).rejects.toThrow("1 <= select <= n - f, select = 5; it would get 5");
  });
});
