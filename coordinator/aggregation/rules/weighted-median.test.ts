import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnsOf } from "./testing.ts";
import { weightedMedian } from "./weighted-median.ts";

const rule = weightedMedian({ numByzantine: 1 });

describe("WeightedMedian", () => {
  test("worked by hand: 5 has the middle of the weight in one coordinate, the border of 1 and 2 in the other", () => {
    expect(
      columnsOf(
        rule,
        [
          [5, 1],
          [1, 2],
          [9, 3],
        ],
        [2, 1, 1],
      ),
    ).toEqual([5, 1.5]);
  });

  test("equal weights make it the median", () => {
    expect(columnsOf(rule, [[1], [2], [3], [4]], [0.25, 0.25, 0.25, 0.25])).toEqual([2.5]);
    expect(columnsOf(rule, [[-1e38], [2], [3e38]])).toEqual([2]);
  });

  test("weights decide whether it holds", () => {
    expect(rule.feasible(3)).toBe(true);
    expect(rule.feasible(3, Float64Array.of(1, 1, 1))).toBe(true);
    expect(rule.feasible(3, Float64Array.of(2, 1, 1))).toBe(false);
    expect(rule.requirement).toBe(
      "at least 3 updates, any 1 of them with less than half of the weight (2 f max w < sum w, f = 1)",
    );
  });

  test("f heavy attackers cannot move it out of the honest range", () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    const client = fc.record({ value, weight: fc.double({ min: 0.1, max: 5, noNaN: true }) });
    fc.assert(
      fc.property(
        fc.array(client, { minLength: 1, maxLength: 3 }),
        fc.array(client, { minLength: 1, maxLength: 9 }),
        fc.constantFrom(-3e38, 3e38),
        (attackers, honest, far) => {
          const clients = [...attackers.map((it) => ({ ...it, value: far })), ...honest];
          const weights = clients.map((it) => it.weight);
          fc.pre(
            weightedMedian({ numByzantine: attackers.length }).feasible(clients.length, Float64Array.from(weights)),
          );
          const [result] = columnsOf(
            rule,
            clients.map((it) => [it.value]),
            weights,
          );
          expect(result).toBeGreaterThanOrEqual(Math.min(...honest.map((it) => it.value)));
          expect(result).toBeLessThanOrEqual(Math.max(...honest.map((it) => it.value)));
        },
      ),
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
          columnsOf(rule, [[moved], ...others.map((it) => [it.value])], weights)[0] as number;
        const change = Math.abs(resultWith(first.value) - resultWith(elsewhere));
        expect(change).toBeLessThanOrEqual(Math.abs(first.value - elsewhere) + 1e-3);
      }),
    );
  });
});
