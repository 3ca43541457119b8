import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flTrust } from "./fl-trust.ts";
import { outcomeOf } from "./testing.ts";

const rootUpdate = [3, 4];

function trusted(updates: readonly (readonly number[])[], root: readonly number[] = rootUpdate) {
  return outcomeOf(flTrust(), { updates, references: { rootUpdate: root } });
}

const coordinate = fc.float({ min: -1000, max: 1000, noNaN: true });
const vector = fc.array(coordinate, { minLength: 3, maxLength: 3 });
const vectors = fc.array(vector, { minLength: 1, maxLength: 6 });

describe("FLTrust", () => {
  test("worked by hand: (10, 0) has cosine .6 and (0, 1) cosine .8, each stretched to norm 5", () => {
    const { aggregate, perUpdate } = trusted([
      [10, 0],
      [0, 1],
    ]);
    expect(perUpdate?.["trust"]).toEqual(Float64Array.of(0.6, 0.8));
    expect(aggregate[0]).toBeCloseTo((0.6 / 1.4) * 5, 12);
    expect(aggregate[1]).toBeCloseTo((0.8 / 1.4) * 5, 12);
  });

  test("whoever points the other way, at a right angle or nowhere is not trusted", () => {
    const { aggregate, remarks } = trusted([
      [-3e30, -4e30],
      [4, -3],
      [0, 0],
      [6, 8],
    ]);
    expect(aggregate).toEqual([3, 4]);
    expect(remarks).toEqual([]);
  });

  test.each([
    ["nobody is trusted", [[-1, 0]], rootUpdate, "no update points the way of the root update"],
    [
      "all updates are zero",
      [
        [0, 0],
        [0, 0],
      ],
      rootUpdate,
      "no update points the way of the root update",
    ],
    ["the root update is zero", [[1, 1]], [0, 0], "the root update is zero"],
  ])("%s: the aggregate is zero, and said to be", (_, updates, root, remark) => {
    const { coefficients, remarks } = trusted(updates, root);
    expect(coefficients.every((it) => it === 0)).toBe(true);
    expect(remarks).toEqual([expect.stringContaining(remark)]);
  });

  test("nobody moves it out of the ball of the root update, nor into the half-space behind it", () => {
    fc.assert(
      fc.property(vectors, vector, (updates, root) => {
        const { aggregate } = trusted(updates, root);
        expect(Math.hypot(...aggregate)).toBeLessThanOrEqual(Math.hypot(...root) * (1 + 1e-12));
        expect(aggregate.reduce((sum, it, k) => sum + it * (root[k] as number), 0)).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });

  test("the length of an update does not count, nor does its place", () => {
    const long = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(long, { minLength: 2, maxLength: 5 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (updates, scale) => {
          const [first = [], ...rest] = updates;
          const expected = trusted(updates, [1, 1, 1]).aggregate;
          const moved = trusted([...rest, first.map((it) => it * scale)], [1, 1, 1]).aggregate;
          for (const [k, value] of expected.entries()) expect(moved[k]).toBeCloseTo(value, 9);
        },
      ),
    );
  });

  test("an update of any norm fits the yardstick", () => {
    for (const norm of [1e-38, 1e30]) {
      const { aggregate } = trusted([[3 * norm, 4 * norm]]);
      expect(aggregate[0]).toBeCloseTo(3, 12);
      expect(aggregate[1]).toBeCloseTo(4, 12);
    }
  });
});
