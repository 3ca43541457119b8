import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gaussian } from "../../../core/random/gaussian.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { dnc } from "./dnc.ts";
import { outcomeOf, ruleInput } from "./testing.ts";

const withF = (numByzantine: number, parameters: { iterations?: number; filterFraction?: number } = {}) =>
  dnc({ numByzantine, iterations: 1, size: 100, filterFraction: 1, ...parameters });

const droppedOf = (f: number, updates: readonly (readonly number[])[]) => [
  ...(outcomeOf(withF(f), { updates }).perUpdate?.["timesDropped"] ?? []),
];

describe("DnC", () => {
  test("worked by hand: 9 is farthest from the mean 3 along the only direction, and dropped", () => {
    const { aggregate, perUpdate } = outcomeOf(withF(1), { updates: [[1], [2], [0], [9]] });
    expect(perUpdate?.["timesDropped"]).toEqual(Float64Array.of(0, 0, 0, 1));
    expect(aggregate[0]).toBeCloseTo(1, 12);
  });

  test("far is from the mean, not from the origin", () => {
    expect(droppedOf(1, [[10], [11], [12], [5]])).toEqual([0, 0, 0, 1]);
  });

  test("the direction of most variance decides, not the distance", () => {
    // the spread is along (1, 1, 0); 2 in a direction of its own is farther from the mean than the third and stays
    const updates = [
      [5, 5, 0],
      [-5, -5, 0],
      [1, 1, 0],
      [0, 0, 2],
      [-1, -1, 0],
    ];
    expect(droppedOf(2, updates)).toEqual([1, 1, 0, 0, 0]);
  });

  test("f = 0 gives the mean", () => {
    expect(
      outcomeOf(withF(0), {
        updates: [
          [1, 0],
          [2, 6],
        ],
      }).aggregate,
    ).toEqual([1.5, 3]);
  });

  test("part of an attacker is one attacker: the count is rounded up", () => {
    const updates = [[1], [2], [0], [9], [1.5]];
    const { perUpdate } = outcomeOf(withF(1, { filterFraction: 0.29 }), { updates });
    expect(perUpdate?.["timesDropped"]).toEqual(Float64Array.of(0, 0, 0, 1, 0));
  });

  test("2.2 times 25 attackers is 55, whatever the rounding of the product", () => {
    expect(withF(25, { filterFraction: 2.2 }).feasible(56)).toBe(true);
  });

  test("n > 2f, and more updates than are dropped", () => {
    expect([withF(2).feasible(4), withF(2).feasible(5)]).toEqual([false, true]);
    const greedy = withF(1, { filterFraction: 3 });
    expect([greedy.feasible(3), greedy.feasible(4)]).toEqual([false, true]);
  });

  test("an update that one sample finds farthest is out; when that leaves nobody, the aggregate is zero, and said", () => {
    const rule = withF(1, { iterations: 3 });
    const input = ruleInput(rule, { updates: [[0], [0], [0]] });
    const samples = [0, 1, 2].map((outlier) => Float32Array.of(0, 0, 0).with(outlier, 5));
    const two = rule.combine({ ...input, samples: samples.slice(0, 2) });
    expect(two.perUpdate?.["timesDropped"]).toEqual(Float64Array.of(1, 1, 0));
    expect(two.coefficients).toEqual(Float64Array.of(0, 0, 0, 1));
    const three = rule.combine({ ...input, samples });
    expect(three.coefficients).toEqual(new Float64Array(4));
    expect(three.remarks).toEqual([expect.stringContaining("the aggregate is zero")]);
  });

  test.each([
    ["identical", [3, -1]],
    ["zero", [0, 0]],
  ])("%s updates stay what they are; of equals the last are dropped", (_, row) => {
    const { aggregate, perUpdate } = outcomeOf(withF(1), { updates: [row, row, row] });
    expect(perUpdate?.["timesDropped"]).toEqual(Float64Array.of(0, 0, 1));
    for (const [k, value] of row.entries()) expect(aggregate[k]).toBeCloseTo(value, 12);
  });

  test("colluders far out in one direction are dropped, up to the end of float32", () => {
    const strength = fc.constantFrom(50, 1e6, 1e30, 1e38);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), strength, fc.nat({ max: 255 }), (f, norm, seed) => {
        const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
        const honest = Array.from({ length: 2 * f + 2 }, () => [draw(), draw(), draw(), draw()]);
        const attackers = Array.from({ length: f }, () => [norm, -norm, 0, norm]);
        expect(droppedOf(f, [...attackers, ...honest])).toEqual([...attackers.map(() => 1), ...honest.map(() => 0)]);
      }),
      { numRuns: 30 },
    );
  });

  test("moving and stretching all updates moves and stretches the result; their order does not count", () => {
    const updates = [
      [1, 2, 0.5],
      [0, 1, -1],
      [2, 2, 1],
      [9, -7, 3],
      [1, 1.5, 2],
    ];
    const expected = outcomeOf(withF(1), { updates }).aggregate;
    const image = updates.map((x) => x.map((it) => 4 * it + 1)).reverse();
    const { aggregate } = outcomeOf(withF(1), { updates: image });
    for (const [k, value] of expected.entries()) expect(aggregate[k]).toBeCloseTo(4 * value + 1, 9);
  });
});
