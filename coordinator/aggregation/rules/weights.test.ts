import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columns } from "../../../core/vector/kernels/column.ts";
import { honestMajority, weightedMedianOf } from "./weights.ts";

describe("an honest majority of weight", () => {
  test("before weights are known it is one of heads", () => {
    expect(honestMajority(2, 5)).toBe(true);
    expect(honestMajority(2, 4)).toBe(false);
  });

  test("f clients of the greatest weight have to hold less than half", () => {
    expect(honestMajority(1, 4, Float64Array.of(3, 1, 1, 1.01))).toBe(true);
    expect(honestMajority(1, 4, Float64Array.of(3, 1, 1, 1))).toBe(false);
    expect(honestMajority(0, 1, Float64Array.of(3))).toBe(true);
  });

  test("exactly half is no majority, however the sum rounds", () => {
    const weights = Float64Array.from({ length: 10 }, () => 0.1);
    expect(honestMajority(5, 10, weights)).toBe(false);
    expect(honestMajority(4, 10, weights)).toBe(true);
    // 0.1 + 0.2 + 0.3 > 0.6
    expect(honestMajority(1, 3, Float64Array.of(0.1, 0.2, 0.3))).toBe(false);
  });
});

describe("the weighted median of numbers", () => {
  test.each([
    [[1, 2, 3], [1, 1, 1], 2],
    [[4, 1, 3, 2], [0.25, 0.25, 0.25, 0.25], 2.5],
    [[1, 2, 3], [5, 1, 1], 1],
    [[3, 1, 2], [1, 2, 1], 1.5],
    [[7], [0.3], 7],
    [[1, 2, 3], [0.3, 0.1, 0.2], 1.5],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Array(10).fill(0.1), 5.5],
    [[1, 2, 3], [1, 0, 1], 2],
    [[1, 2, 9], [1, 0, 1], 5],
    [[1, 2, 9], [0, 0, 3], 9],
    [[1, 2], [0, 0], Number.NaN],
  ])("of %j by %j is %d", (values, weights, expected) => {
    expect(weightedMedianOf(Float64Array.from(values), Float64Array.from(weights))).toBe(expected);
  });

  test("is that of the column kernel, weights of zero and ties included", () => {
    const pair = fc.record({ value: fc.integer({ min: -5, max: 5 }), weight: fc.integer({ min: 0, max: 3 }) });
    const pairs = fc.array(pair, { minLength: 1, maxLength: 8 }).filter((all) => all.some(({ weight }) => weight > 0));
    fc.assert(
      fc.property(pairs, (all) => {
        const weights = Float64Array.from(all, ({ weight }) => weight);
        const into = new Float32Array(1);
        const rows = all.map(({ value }) => Float32Array.of(value));
        columns(rows, { kernel: "weightedMedian", weights }, into);
        expect(
          weightedMedianOf(
            Float64Array.from(all, ({ value }) => value),
            weights,
          ) + 0,
        ).toBe(into[0]);
      }),
    );
  });
});
