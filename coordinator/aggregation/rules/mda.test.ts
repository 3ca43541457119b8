import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mda } from "./mda.ts";
import { outcomeOf, subsets } from "./testing.ts";

const chosen = (updates: readonly (readonly number[])[], f: number): number[] => {
  const { coefficients } = outcomeOf(mda({ numByzantine: f }), { updates });
  return Array.from(coefficients.keys()).filter((row) => coefficients[row] !== 0);
};

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((x, k) => x - (b[k] as number)));
const diameter = (rows: readonly (readonly number[])[]) =>
  rows.reduce((most, a) => rows.reduce((m, b) => Math.max(m, distance(a, b)), most), 0);
/** Of whole numbers exact, so that ties are ties. */
const squaredDiameter = (rows: readonly (readonly number[])[]) =>
  Math.max(...rows.flatMap((a) => rows.map((b) => a.reduce((sum, x, k) => sum + (x - (b[k] as number)) ** 2, 0))));

/** Few distinct values, so that diameters tie. */
const round = fc
  .record({
    f: fc.integer({ min: 0, max: 3 }),
    majority: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ f, majority, d }) => {
    const row = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: d, maxLength: d });
    const n = 2 * f + majority;
    return fc.record({ f: fc.constant(f), updates: fc.array(row, { minLength: n, maxLength: n }) });
  });

/** {1, 2, 3, 4, 6} and {1, 4, 5, 6, 7} have the squared diameter 33. */
const TIED = {
  f: 2,
  updates: [
    [0, -2, 0],
    [2, 2, 2],
    [-2, 2, 3],
    [0, -3, 1],
    [-1, -2, -1],
    [0, 0, 0],
    [-1, -4, -4],
  ],
};

describe("MDA", () => {
  test("worked by hand: without the outlier 9 the diameter is 2", () => {
    const { aggregate } = outcomeOf(mda({ numByzantine: 1 }), { updates: [[1], [9], [3], [2]] });
    expect(aggregate[0]).toBeCloseTo(2, 14);
  });

  test("of subsets that tie the first in the order of the clients is taken", () => {
    expect(chosen([[1], [4], [7]], 1)).toEqual([1, 2]);
    expect(chosen([[7], [0], [7], [0], [3.5]], 2)).toEqual([1, 3, 5]);
    expect(chosen([[5], [5], [5], [5], [5]], 2)).toEqual([1, 2, 3]);
  });

  test("the subset that trying all of them finds", () => {
    fc.assert(
      fc.property(round, ({ updates, f }) => {
        const n = updates.length;
        const width = (rows: number[]) => squaredDiameter(rows.map((row) => updates[row - 1] ?? []));
        const all = subsets(n, n - f);
        const least = Math.min(...all.map(width));
        expect(chosen(updates, f)).toEqual(all.find((rows) => width(rows) === least));
      }),
      { numRuns: 300, examples: [[TIED]] },
    );
  });

  test("the mean is at most 2f/(n-f) diameters from that of any n - f updates", () => {
    fc.assert(
      fc.property(round, ({ updates, f }) => {
        const n = updates.length;
        const { aggregate } = outcomeOf(mda({ numByzantine: f }), { updates });
        for (const rows of subsets(n, n - f)) {
          const honest = rows.map((row) => updates[row - 1] ?? []);
          const mean = aggregate.map((_, k) => honest.reduce((sum, x) => sum + (x[k] as number), 0) / honest.length);
          expect(distance(aggregate, mean)).toBeLessThanOrEqual(((2 * f) / (n - f)) * diameter(honest) + 1e-12);
        }
      }),
    );
  });

  test("that bound is attained", () => {
    // chosen {-1, 0}, honest {0, 1}: 2f/(n-f) = 1
    expect(outcomeOf(mda({ numByzantine: 1 }), { updates: [[-1], [0], [1]] }).aggregate[0]).toBe(-0.5);
  });

  test("f = 0 gives the mean, one update itself", () => {
    expect(
      outcomeOf(mda({ numByzantine: 0 }), {
        updates: [
          [1, 8],
          [3, 0],
        ],
      }).aggregate,
    ).toEqual([2, 4]);
    expect(outcomeOf(mda({ numByzantine: 0 }), { updates: [[3, 4]] }).aggregate).toEqual([3, 4]);
  });

  test.each([1e15, 1e30])("attackers at norm %f are left out", (norm) => {
    expect(chosen([[norm], [-norm], [1], [2], [3]], 2)).toEqual([3, 4, 5]);
  });

  test("a hundred updates, thirty of them attackers", () => {
    const updates = Array.from({ length: 100 }, (_, i) => [i < 30 ? 50 + i : Math.cos(i), Math.sin(i * i)]);
    expect(chosen(updates, 30)).toEqual(Array.from({ length: 70 }, (_, i) => i + 31));
  });

  test("2f updates, and more attackers than the search can bear, are refused", () => {
    expect(mda({ numByzantine: 2 }).feasible(4)).toBe(false);
    expect(mda({ numByzantine: 2 }).feasible(5)).toBe(true);
    expect(mda({ numByzantine: 30 }).feasible(100)).toBe(true);
    expect(mda({ numByzantine: 31 }).feasible(100)).toBe(false);
    expect(mda({ numByzantine: 31 }).requirement).toBe("at least 63 updates (n >= 2f + 1, f = 31) and f <= 30");
  });

  test("sensitivity: f + 1 rows can be exchanged, with f = 0 only the one replaced", () => {
    expect(mda({ numByzantine: 0 }).sensitivity(10, 1)).toBeCloseTo(0.2, 15);
    expect(mda({ numByzantine: 2 }).sensitivity(10, 1)).toBeCloseTo(0.75, 15);
  });
});
