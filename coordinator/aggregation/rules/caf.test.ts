import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caf } from "./caf.ts";
import { outcomeOf } from "./testing.ts";

type Row = readonly number[];

const kept = (updates: readonly Row[], numByzantine: number) =>
  outcomeOf(caf({ numByzantine, tauMax: "kept" }), { updates });
const all = (updates: readonly Row[], numByzantine: number) =>
  outcomeOf(caf({ numByzantine, tauMax: "all" }), { updates });

const round = fc
  .record({
    f: fc.integer({ min: 0, max: 3 }),
    majority: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ f, majority, d }) => {
    const row = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: d, maxLength: d });
    const n = 2 * f + majority;
    return fc.record({ f: fc.constant(f), updates: fc.array(row, { minLength: n, maxLength: n }) });
  });

describe("CAF", () => {
  test("worked by hand: 0, 1, 2 and 9 lose weight by their distance from 3", () => {
    // t = 9, 4, 1, 36: c = 3/4, 8/9, 35/36, 0, which sum to 94/36 > 2; mu = (8/9 + 35/18)/(94/36) = 102/94
    const { aggregate, perUpdate } = kept([[0], [1], [2], [9]], 1);
    expect(aggregate[0]).toBeCloseTo(102 / 94, 13);
    const weights = [...(perUpdate?.["filterWeight"] ?? [])];
    expect(weights.map((weight) => weight.toFixed(12))).toEqual([3 / 4, 8 / 9, 35 / 36, 0].map((c) => c.toFixed(12)));
  });

  test("the mu of least eigenvalue is the answer, not the last: here the first, 12.674 before 12.732", () => {
    const { aggregate } = kept(
      [
        [-4, 0],
        [4, -5],
        [2, 3],
        [3, 4],
      ],
      1,
    );
    expect(aggregate).toEqual([1.25, 0.5]);
  });

  test("t_max over all: an update that is out already still sets the scale, so that no second one goes", () => {
    const remaining = ({ perUpdate }: ReturnType<typeof kept>) =>
      (perUpdate?.["filterWeight"] ?? []).filter((weight) => weight > 0).length;
    const updates = [[0], [1], [2], [9], [1.5]];
    expect(remaining(all(updates, 2))).toBe(4);
    expect(remaining(kept(updates, 2))).toBeLessThan(4);
  });

  test("an outlier so far that the others hardly lose weight: over all, the filter still ends", () => {
    const { aggregate } = all(
      [
        [1e15, 0],
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ],
      2,
    );
    expect(Math.hypot(...aggregate)).toBeLessThan(1);
  });

  test("symmetric updates keep their mean", () => {
    for (const outcome of [kept, all]) {
      expect(
        Math.hypot(
          ...outcome(
            [
              [1, 0],
              [-1, 0],
              [0, 1],
              [0, -1],
            ],
            1,
          ).aggregate,
        ),
      ).toBeLessThan(1e-12);
      const [x = 0, y = 0] = outcome(
        [
          [1, 2],
          [4, 5],
          [7, 8],
        ],
        1,
      ).aggregate;
      expect(x).toBeCloseTo(4, 12);
      expect(y).toBeCloseTo(5, 12);
    }
  });

  test("f = 0 gives the mean; one update, all the same, all zero", () => {
    expect(
      kept(
        [
          [1, 8],
          [3, 0],
        ],
        0,
      ).aggregate,
    ).toEqual([2, 4]);
    expect(kept([[3, 4]], 0).aggregate).toEqual([3, 4]);
    expect(
      kept(
        [
          [7, 7],
          [7, 7],
          [7, 7],
        ],
        1,
      ).aggregate[0],
    ).toBeCloseTo(7, 14);
    expect(kept([[0], [0], [0]], 1).aggregate).toEqual([0]);
  });

  test.each([1e6, 1e15, 1e30])("two of six at norm %f lose all weight", (norm) => {
    const { coefficients, aggregate } = kept(
      [
        [norm, 0],
        [norm, 1],
        [1, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ],
      2,
    );
    expect([coefficients[1], coefficients[2]]).toEqual([0, 0]);
    expect(Math.hypot(...aggregate)).toBeLessThanOrEqual(Math.SQRT2);
  });

  test("the coefficients are a weighted mean", () => {
    fc.assert(
      fc.property(round, ({ updates, f }) => {
        const { coefficients } = kept(updates, f);
        expect(Math.min(...coefficients)).toBeGreaterThanOrEqual(0);
        expect(coefficients.reduce((sum, c) => sum + c, 0)).toBeCloseTo(1, 12);
      }),
    );
  });

  test("half of the updates being attackers is refused", () => {
    expect(caf({ numByzantine: 2, tauMax: "kept" }).feasible(4)).toBe(false);
    expect(caf({ numByzantine: 2, tauMax: "kept" }).feasible(5)).toBe(true);
    expect(caf({ numByzantine: 2, tauMax: "kept" }).feasible(300)).toBe(true);
    expect(caf({ numByzantine: 2, tauMax: "kept" }).feasible(301)).toBe(false);
  });
});
