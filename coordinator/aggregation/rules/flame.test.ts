import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flame } from "./flame.ts";
import { outcomeOf } from "./testing.ts";

const admittedOf = (updates: readonly (readonly number[])[]) => [
  ...(outcomeOf(flame({ numByzantine: 0 }), { updates }).perUpdate?.["admitted"] ?? []),
];

/** A plane vector of this angle in degrees. */
const at = (degrees: number, norm = 1) => [
  norm * Math.cos((degrees * Math.PI) / 180),
  norm * Math.sin((degrees * Math.PI) / 180),
];

describe("FLAME", () => {
  test("worked by hand: of angles 0, 2, 5, 20 and 180 the first three are the first majority to hang together", () => {
    expect(admittedOf([at(0), at(2), at(5), at(20), at(180)])).toEqual([1, 1, 1, 0, 0]);
  });

  test("two small dense groups make no majority until they meet", () => {
    expect(admittedOf([at(0), at(1), at(40), at(41), at(120), at(180)])).toEqual([1, 1, 1, 1, 0, 0]);
  });

  test("exactly half is no majority", () => {
    expect(admittedOf([at(0), at(1), at(2), at(60), at(100), at(150)])).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("edges of one length are added together", () => {
    // 1, 0 and 0, 1 are both at a right angle to the rest
    expect(
      admittedOf([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
    ).toEqual([1, 1, 1]);
  });

  test("the mean of the admitted, clipped to the median norm of all", () => {
    const { aggregate, perUpdate } = outcomeOf(flame({ numByzantine: 1 }), {
      updates: [
        [8, 0],
        [2, 0],
        [1, 0],
        [-9, 0],
      ],
    });
    // median of 8, 2, 1 and 9 is 5
    expect(perUpdate?.["clipFactor"]).toEqual(Float64Array.of(5 / 8, 1, 1, 5 / 9));
    expect(aggregate[0]).toBeCloseTo((5 + 2 + 1) / 3, 12);
  });

  test.each([
    ["one update", [[3, 4]], [3, 4]],
    [
      "two updates, however unlike",
      [
        [2, 0],
        [0, 2],
      ],
      [1, 1],
    ],
    [
      "all the same",
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [1, 2],
    ],
    [
      "all zero",
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [0, 0],
    ],
  ])("%s", (_, updates, expected) => {
    const { aggregate } = outcomeOf(flame({ numByzantine: 0 }), { updates });
    for (const [k, value] of expected.entries()) expect(aggregate[k]).toBeCloseTo(value, 12);
  });

  test("half of the updates being attackers is infeasible", () => {
    expect(flame({ numByzantine: 2 }).feasible(4)).toBe(false);
    expect(flame({ numByzantine: 2 }).feasible(5)).toBe(true);
  });

  test("turned attackers of any norm are left out, and the result is no longer than the median norm", () => {
    const angle = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(angle, { minLength: 4, maxLength: 8 }),
        fc.constantFrom(0.01, 1, 1e3, 1e30),
        (angles, norm) => {
          const attackers = angles
            .slice(1, -1)
            .map((it) => at(180 + it / 10, norm))
            .slice(0, angles.length - 1);
          const updates = [...attackers, ...angles.map((it) => at(it))];
          const { perUpdate, aggregate } = outcomeOf(flame({ numByzantine: attackers.length }), { updates });
          expect([...(perUpdate?.["admitted"] ?? [])].slice(0, attackers.length)).toEqual(attackers.map(() => 0));
          expect(Math.hypot(...aggregate)).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
    );
  });

  test("the order of the updates decides nothing, and lengths scale through", () => {
    const updates = [at(0, 3), at(3, 1), at(5, 2), at(50, 9), at(100, 4), at(8, 1.5)];
    const expected = outcomeOf(flame({ numByzantine: 2 }), { updates }).aggregate;
    const turned = outcomeOf(flame({ numByzantine: 2 }), { updates: [...updates].reverse() }).aggregate;
    const doubled = outcomeOf(flame({ numByzantine: 2 }), {
      updates: updates.map((x) => x.map((it) => 2 * it)),
    }).aggregate;
    for (const [k, value] of expected.entries()) {
      expect(turned[k]).toBeCloseTo(value, 12);
      expect(doubled[k]).toBeCloseTo(2 * value, 12);
    }
  });
});
