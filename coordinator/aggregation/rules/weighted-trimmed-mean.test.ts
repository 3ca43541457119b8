import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnsOf } from "./testing.ts";
import { weightedTrimmedMean } from "./weighted-trimmed-mean.ts";

const withF = (numByzantine: number) => weightedTrimmedMean({ numByzantine });

describe("WeightedTrimmedMean", () => {
  test("worked by hand: of weights 1, 1, 3, 2 three go at either end, and one third of the value 4 is left", () => {
    expect(columnsOf(withF(1), [[0], [1], [4], [10]], [1, 1, 3, 2])).toEqual([4]);
  });

  test("worked by hand: a value on the border keeps the rest of its weight", () => {
    // two go at either end: all of 0; all of 100 and half of 5
    expect(columnsOf(withF(1), [[0], [2], [5], [100]], [2, 2, 2, 1])).toEqual([(2 * 2 + 1 * 5) / 3]);
  });

  test("two light attackers weigh no more than a heavy one: trimming removes weight, not heads", () => {
    expect(columnsOf(withF(1), [[1e30], [1e30], [5], [6], [7]], [1, 1, 2, 2, 2])).toEqual([6.5]);
  });

  test("equal weights make it the trimmed mean, no trimming the weighted mean", () => {
    expect(columnsOf(withF(1), [[7], [100], [2], [0], [3]], [0.2, 0.2, 0.2, 0.2, 0.2])).toEqual([4]);
    expect(columnsOf(withF(0), [[80], [90]], [20, 30])).toEqual([86]);
  });

  test("nothing left to average is infeasible", () => {
    expect(withF(1).feasible(3)).toBe(true);
    expect(withF(1).feasible(2)).toBe(false);
    expect(withF(1).feasible(3, Float64Array.of(4, 2, 2))).toBe(false);
    expect(withF(1).feasible(3, Float64Array.of(4, 2, 2.1))).toBe(true);
  });

  test("f attackers of any weight and value cannot move it out of the honest range", () => {
    const client = fc.record({
      value: fc.integer({ min: -1000, max: 1000 }),
      weight: fc.double({ min: 0.1, max: 5, noNaN: true }),
    });
    const some = (least: number, most: number) => fc.array(client, { minLength: least, maxLength: most });
    fc.assert(
      fc.property(some(1, 3), some(1, 9), fc.constantFrom(-3e38, 3e38), (attackers, honest, far) => {
        const clients = [...attackers.map((it) => ({ ...it, value: far })), ...honest];
        const weights = clients.map((it) => it.weight);
        fc.pre(withF(attackers.length).feasible(clients.length, Float64Array.from(weights)));
        const [result] = columnsOf(
          withF(attackers.length),
          clients.map((it) => [it.value]),
          weights,
        );
        const values = honest.map((it) => it.value);
        expect(result).toBeGreaterThanOrEqual(Math.min(...values) - 1e-3);
        expect(result).toBeLessThanOrEqual(Math.max(...values) + 1e-3);
      }),
    );
  });

  test("with weights fixed it moves no farther than a row that is moved", () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    const weight = fc.double({ min: 0.5, max: 1, noNaN: true });
    const clients = fc.array(fc.record({ value, weight }), { minLength: 5, maxLength: 9 });
    fc.assert(
      fc.property(clients, value, ([first, ...others], elsewhere) => {
        fc.pre(first !== undefined);
        const weights = [first.weight, ...others.map((it) => it.weight)];
        const resultWith = (moved: number) =>
          columnsOf(withF(1), [[moved], ...others.map((it) => [it.value])], weights)[0] as number;
        const change = Math.abs(resultWith(first.value) - resultWith(elsewhere));
        expect(change).toBeLessThanOrEqual(Math.abs(first.value - elsewhere) + 1e-3);
      }),
    );
  });
});
