import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "./eigen.ts";
import { smea } from "./smea.ts";
import { outcomeOf, subsets } from "./testing.ts";

type Row = readonly number[];

const chosen = (updates: readonly Row[], f: number): number[] => {
  const { coefficients } = outcomeOf(smea({ numByzantine: f }), { updates });
  return Array.from(coefficients.keys()).filter((row) => coefficients[row] !== 0);
};

/** Top eigenvalue of the d x d covariance. */
function topVariance(rows: readonly Row[]): number {
  const d = rows[0]?.length ?? 0;
  const mean = Array.from({ length: d }, (_, k) => rows.reduce((sum, x) => sum + (x[k] as number), 0) / rows.length);
  const covariance = Float64Array.from({ length: d * d }, (_, at) => {
    const [k, l] = [Math.floor(at / d), at % d];
    const products = rows.map(
      (x) => ((x[k] as number) - (mean[k] as number)) * ((x[l] as number) - (mean[l] as number)),
    );
    return products.reduce((sum, product) => sum + product, 0) / rows.length;
  });
  return symmetricEigen(covariance, d).values[0] as number;
}

const round = fc
  .record({
    f: fc.integer({ min: 0, max: 3 }),
    majority: fc.integer({ min: 1, max: 2 }),
    d: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ f, majority, d }) => {
    const row = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: d, maxLength: d });
    const n = 2 * f + majority;
    return fc.record({ f: fc.constant(f), updates: fc.array(row, { minLength: n, maxLength: n }) });
  });

describe("SMEA", () => {
  test("worked by hand: the three at the corner vary least without (6, 6)", () => {
    const { aggregate } = outcomeOf(smea({ numByzantine: 1 }), {
      updates: [
        [0, 0],
        [6, 6],
        [1, 0],
        [0, 1],
      ],
    });
    expect(aggregate[0]).toBeCloseTo(1 / 3, 14);
    expect(aggregate[1]).toBeCloseTo(1 / 3, 14);
  });

  test("the worst direction counts, not the whole: a long thin set loses to a round one of greater trace", () => {
    const thin = [
      [-1.9, 0, 0],
      [1.9, 0, 0],
    ];
    const sphere = [
      [9, 1, 0],
      [9, -1, 0],
      [9, 0, 1],
      [9, 0, -1],
      [10, 0, 0],
      [8, 0, 0],
    ];
    expect(chosen([...thin, ...sphere], 2)).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test("of subsets that tie the first in the order of the clients is taken, whatever rounding says", () => {
    expect(
      chosen(
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
        1,
      ),
    ).toEqual([1, 2]);
    expect(chosen([[0.1], [0.3], [0.5], [0.7], [0.9]], 2)).toEqual([1, 2, 3]);
    expect(chosen([[5], [5], [5], [5]], 1)).toEqual([1, 2, 3]);
  });

  test("the subset has the least top eigenvalue of all", () => {
    fc.assert(
      fc.property(round, ({ updates, f }) => {
        const variance = (rows: number[]) => topVariance(rows.map((row) => updates[row - 1] ?? []));
        const least = Math.min(...subsets(updates.length, updates.length - f).map(variance));
        expect(variance(chosen(updates, f))).toBeLessThanOrEqual(least * (1 + 1e-9) + 1e-12);
      }),
    );
  });

  test("the order of the updates, a shift and a scale change nothing about the choice", () => {
    fc.assert(
      fc.property(round, fc.nat(5), ({ updates, f }, turn) => {
        const n = updates.length;
        const aggregate = (rows: readonly Row[]) => outcomeOf(smea({ numByzantine: f }), { updates: rows }).aggregate;
        const variance = (rows: number[]) => topVariance(rows.map((row) => updates[row - 1] ?? []));
        const [first = 0, second = Number.POSITIVE_INFINITY] = subsets(n, n - f)
          .map(variance)
          .sort((a, b) => a - b);
        fc.pre(second - first > 1e-6);
        const turned = updates.map((_, i) => updates[(i + turn) % n] ?? []);
        const moved = updates.map((row) => row.map((x) => 4 * x - 3));
        for (const [k, x] of aggregate(updates).entries()) {
          expect(aggregate(turned)[k]).toBeCloseTo(x, 12);
          expect(aggregate(moved)[k]).toBeCloseTo(4 * x - 3, 11);
        }
      }),
    );
  });

  test("f = 0 gives the mean, one update itself", () => {
    expect(
      outcomeOf(smea({ numByzantine: 0 }), {
        updates: [
          [1, 8],
          [3, 0],
        ],
      }).aggregate,
    ).toEqual([2, 4]);
    expect(outcomeOf(smea({ numByzantine: 0 }), { updates: [[3, 4]] }).aggregate).toEqual([3, 4]);
  });

  test.each([1e15, 1e30])("attackers at norm %f are left out, and so are colluders that nearly agree", (norm) => {
    expect(
      chosen(
        [
          [norm, 0],
          [-norm, 1],
          [1, 0],
          [2, 2],
          [3, 1],
        ],
        2,
      ),
    ).toEqual([3, 4, 5]);
    expect(
      chosen(
        [
          [norm, 0],
          [norm, 1],
          [1, 0],
          [2, 2],
          [3, 1],
        ],
        2,
      ),
    ).toEqual([3, 4, 5]);
  });

  test("2f updates, and more subsets than can be tried, are refused", () => {
    expect(smea({ numByzantine: 2 }).feasible(4)).toBe(false);
    expect(smea({ numByzantine: 2 }).feasible(5)).toBe(true);
    expect(smea({ numByzantine: 7 }).feasible(16)).toBe(true);
    expect(smea({ numByzantine: 9 }).feasible(20)).toBe(false);
    expect(smea({ numByzantine: 2 }).feasible(40)).toBe(true);
    expect(smea({ numByzantine: 2 }).feasible(100)).toBe(false);
    expect(smea({ numByzantine: 3 }).requirement).toBe(
      "at least 7 updates (n >= 2f + 1, f = 3) and C(n, f) (n-f)^3 <= 10^8, as it tries all subsets",
    );
  });
});
