import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normClippedWeightedMean } from "./norm-clipped-weighted-mean.ts";
import { outcomeOf } from "./testing.ts";

describe("NormClippedWeightedMean", () => {
  test("worked by hand: (30, 40) is cut to (3, 4), and counts three quarters", () => {
    const { aggregate, perUpdate } = outcomeOf(normClippedWeightedMean({ numByzantine: 0, clipNorm: 5 }), {
      updates: [
        [30, 40],
        [0, 4],
      ],
      weights: [3, 1],
    });
    expect(aggregate[0]).toBeCloseTo(9 / 4, 12);
    expect(aggregate[1]).toBeCloseTo((12 + 4) / 4, 12);
    expect(perUpdate?.["clipFactor"]).toEqual(Float64Array.of(0.1, 1));
  });

  test("without a bound the weighted median of the norms is one", () => {
    const { perUpdate } = outcomeOf(normClippedWeightedMean({ numByzantine: 1 }), {
      updates: [[1], [-2], [3], [8]],
      weights: [1, 1, 3, 2],
    });
    expect(perUpdate?.["clipFactor"]).toEqual(Float64Array.of(1, 1, 1, 3 / 8));
  });

  test.each([
    ["one update", [[1e30, 0]], [1e30, 0]],
    [
      "zero updates",
      [
        [0, 0],
        [0, 0],
      ],
      [0, 0],
    ],
    [
      "most of them zero: the median norm is 0",
      [
        [0, 0],
        [0, 0],
        [9, 9],
      ],
      [0, 0],
    ],
  ])("%s", (_, updates, expected) => {
    expect(outcomeOf(normClippedWeightedMean({ numByzantine: 0 }), { updates }).aggregate).toEqual(expected);
  });

  test("its sensitivity is twice the shorter of both bounds", () => {
    expect(normClippedWeightedMean({ numByzantine: 0, clipNorm: 2 }).sensitivity(9, 3)).toBe(4);
    expect(normClippedWeightedMean({ numByzantine: 0, clipNorm: 5 }).sensitivity(9, 3)).toBe(6);
    expect(normClippedWeightedMean({ numByzantine: 0 }).sensitivity(9, 3)).toBe(6);
  });

  test("attackers with a part p of the weight move it by at most 2pB", () => {
    const update = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 2 });
    const updates = fc.array(update, { minLength: 2, maxLength: 6 });
    const weight = fc.double({ min: 0.1, max: 3, noNaN: true });
    fc.assert(
      fc.property(updates, update, weight, fc.constantFrom(1e-3, 1, 1e30), (honest, attacker, p, strength) => {
        const rule = normClippedWeightedMean({ numByzantine: 1, clipNorm: 2 });
        const weights = [p, ...honest.map(() => 1)];
        const from = outcomeOf(rule, { updates: [[0, 0], ...honest], weights }).aggregate;
        const to = outcomeOf(rule, { updates: [attacker.map((it) => it * strength), ...honest], weights }).aggregate;
        const moved = Math.hypot(...to.map((value, k) => value - (from[k] as number)));
        expect(moved).toBeLessThanOrEqual((2 * p) / (p + honest.length) + 1e-9);
      }),
    );
  });
});
