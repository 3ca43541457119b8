import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signGuard } from "./sign-guard.ts";
import { outcomeOf } from "./testing.ts";

const guarded = (updates: readonly (readonly number[])[], f = 0) => {
  const { aggregate, perUpdate, remarks } = outcomeOf(signGuard({ numByzantine: f }), { updates });
  const figure = (name: string) => [...(perUpdate?.[name] ?? [])];
  return { aggregate, remarks, withinBand: figure("withinBand"), signsAlike: figure("signsAlike") };
};

describe("SignGuard", () => {
  test("norms from a tenth of the median to three times pass, both ends included", () => {
    const updates = [[10], [10], [10], [1], [0.99], [30], [30.1]];
    expect(guarded(updates).withinBand).toEqual([1, 1, 1, 1, 0, 1, 0]);
  });

  test("worked by hand: the one with turned signs is out, 4 is clipped to the median norm 2", () => {
    const { aggregate, signsAlike } = guarded(
      [
        [1, 0, 0],
        [2, 0, 0],
        [4, 0, 0],
        [-2, 0, 0],
      ],
      1,
    );
    expect(signsAlike).toEqual([1, 1, 1, 0]);
    expect(aggregate[0]).toBeCloseTo((1 + 2 + 2) / 3, 12);
  });

  test("zeros are a sign of their own", () => {
    const { signsAlike } = guarded(
      [
        [1, 1, 1],
        [1, 1, 2],
        [1, 2, 1],
        [3, 0, 0],
      ],
      1,
    );
    expect(signsAlike).toEqual([1, 1, 1, 0]);
  });

  test("an update passes only when it passes both", () => {
    const { aggregate, remarks } = guarded([[1], [1], [-100], [-100], [-100]], 2);
    // norms: the median is 100, and 1 is too short; signs: the three negative ones are the largest cluster
    expect(aggregate[0]).toBeCloseTo(-100, 9);
    expect(remarks).toEqual([]);
  });

  test("nobody passes both: the aggregate is zero, and said to be", () => {
    const twins = [1e-3, 1e-3, -1e-3, -1e-3];
    const { aggregate, remarks, withinBand, signsAlike } = guarded([
      twins,
      twins,
      [5, 5, 5, 5],
      [-5, -5, -5, -5],
      [9, 0, 0, 0],
    ]);
    expect(withinBand).toEqual([0, 0, 1, 1, 1]);
    expect(signsAlike).toEqual([1, 1, 0, 0, 0]);
    expect(aggregate).toEqual([0, 0, 0, 0]);
    expect(remarks).toEqual([expect.stringContaining("the aggregate is zero")]);
  });

  test.each([
    ["one update", [[3, -4]], [3, -4]],
    [
      "all the same",
      [
        [0.1, -0.7],
        [0.1, -0.7],
        [0.1, -0.7],
      ],
      [0.1, -0.7],
    ],
    [
      "all zero",
      [
        [0, 0],
        [0, 0],
      ],
      [0, 0],
    ],
  ])("%s", (_, updates, expected) => {
    const { aggregate } = guarded(updates);
    for (const [k, value] of expected.entries()) expect(aggregate[k]).toBeCloseTo(value, 12);
  });

  test("fractions that are all the same are one cluster, though their mean is rounded", () => {
    const row = [1, -1, -1, -1, -1, -1, -1, -1, -1, -1];
    expect(guarded(row.map(() => row)).signsAlike).toEqual(row.map(() => 1));
  });

  test("f attackers that turn all signs are left out whatever their norm; nothing is longer than the median norm", () => {
    const positive = fc.array(fc.double({ min: 1, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 });
    const honest = fc.array(positive, { minLength: 4, maxLength: 7 });
    fc.assert(
      fc.property(honest, fc.constantFrom(1e-3, 1, 2, 1e30), (updates, strength) => {
        const attackers = updates
          .slice(1)
          .map((x) => x.map((it) => -strength * it))
          .slice(0, updates.length - 1);
        const { aggregate } = guarded([...attackers, ...updates], attackers.length);
        expect(aggregate.every((it) => it > 0)).toBe(true);
        const norms = updates.map((x) => Math.hypot(...x));
        expect(Math.hypot(...aggregate)).toBeLessThanOrEqual(Math.max(...norms) * (1 + 1e-12));
      }),
    );
  });
});
