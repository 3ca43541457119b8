import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cge } from "./cge.ts";
import { outcomeOf } from "./testing.ts";

const of = (updates: readonly (readonly number[])[], numByzantine: number) =>
  outcomeOf(cge({ numByzantine }), { updates }).aggregate;

const vector = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 2 });

describe("CGE", () => {
  test("worked by hand: of the norms 5, 1, 13 and 2 the greatest goes", () => {
    const [x = 0, y = 0] = of(
      [
        [3, 4],
        [0, 1],
        [5, 12],
        [2, 0],
      ],
      1,
    );
    expect(x).toBeCloseTo(5 / 3, 14);
    expect(y).toBeCloseTo(5 / 3, 14);
  });

  test("of equal norms the lowest client ids stay", () => {
    expect(of([[3], [-3], [-3]], 1)).toEqual([0]);
  });

  test("f = 0 gives the mean", () => {
    expect(
      of(
        [
          [1, 8],
          [3, 0],
        ],
        0,
      ),
    ).toEqual([2, 4]);
  });

  test("no longer than the longest honest update", () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 4, maxLength: 7 }), vector, (honest, attacker) => {
        const longest = Math.max(...honest.map((x) => Math.hypot(...x)));
        const far = attacker.map((x) => x * 1e20);
        expect(Math.hypot(...of([far, ...honest, attacker, far], 3))).toBeLessThanOrEqual(longest + 1e-12);
      }),
    );
  });

  test("replacing one update moves it by at most 2C/(n-f)", () => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 5, maxLength: 7 }), vector, fc.nat(4), (updates, other, at) => {
        const clipNorm = Math.max(...[...updates, other].map((x) => Math.hypot(...x)));
        const [a, b] = [of(updates, 2), of(updates.with(at, other), 2)];
        const moved = Math.hypot(...a.map((x, k) => x - (b[k] as number)));
        expect(moved).toBeLessThanOrEqual(cge({ numByzantine: 2 }).sensitivity(updates.length, clipNorm) + 1e-12);
      }),
    );
  });

  test("that bound is attained", () => {
    const moved = (of([[1], [1], [1]], 1)[0] as number) - (of([[-1], [1], [1]], 1)[0] as number);
    expect(moved).toBe(cge({ numByzantine: 1 }).sensitivity(3, 1));
  });

  test("half of the updates being attackers is refused", () => {
    expect(cge({ numByzantine: 2 }).feasible(4)).toBe(false);
    expect(cge({ numByzantine: 2 }).feasible(5)).toBe(true);
  });
});
