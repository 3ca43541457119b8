import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CurvaturePair, hessianTimes } from "./l-bfgs.ts";

type Vector = readonly number[];

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, k) => sum + value * (b[k] as number), 0);

/** B v by the recursion that the compact form sums up: B += y y'/y's - B s s' B/s' B s, starting at sigma I. */
function recursively(pairs: readonly CurvaturePair[], v: Vector): Vector {
  const last = pairs.at(-1) as CurvaturePair;
  const sigma = dot(last.step, last.change) / dot(last.step, last.step);
  const times = (count: number, x: ArrayLike<number>): Vector => {
    const pair = pairs[count - 1];
    if (pair === undefined) return Array.from(x, (it) => sigma * it);
    const { step, change } = pair;
    const before = times(count - 1, x);
    const ofStep = times(count - 1, step);
    const along = dot(change, x) / dot(change, step);
    const against = dot(ofStep, x) / dot(ofStep, step);
    return before.map((it, k) => it + along * (change[k] as number) - against * (ofStep[k] as number));
  };
  return times(pairs.length, v);
}

const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });

/** Pairs of a quadratic with eigenvalues 1, 2, 3 and 4. */
const pairsOf = (steps: readonly Vector[], sign: number): CurvaturePair[] =>
  steps.map((step) => ({
    step: Float64Array.from(step),
    change: Float64Array.from(step, (it, k) => sign * (k + 1) * it),
  }));

describe("the compact L-BFGS matrix", () => {
  test("worked by hand: one pair of curvature 3 gives 3 along it and 3 elsewhere", () => {
    const [pair] = pairsOf([[0, 0, 1, 0]], 1);
    expect(hessianTimes([pair as CurvaturePair], Float64Array.of(1, 0, 2, 0), dot)).toEqual(
      Float64Array.of(3, 0, 6, 0),
    );
  });

  test.each([1, -1])("is what the recursion gives, for gradients and for deltas (sign %d)", (sign) => {
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 3 }), vector, (steps, v) => {
        fc.pre(steps.every((step) => Math.hypot(...step) > 0.1));
        const pairs = pairsOf(steps, sign);
        const expected = recursively(pairs, v);
        const compact = hessianTimes(pairs, Float64Array.from(v), dot);
        // steps that nearly repeat one another make the middle matrix ill-conditioned
        const size = Math.max(...expected.map(Math.abs), 1);
        for (const [k, value] of expected.entries()) expect(compact[k]).toBeCloseTo(value, size > 100 ? 3 : 6);
      }),
    );
  });

  test("the last step is mapped to its change: the secant equation", () => {
    const pairs = pairsOf(
      [
        [1, 0.5, -0.2, 0.1],
        [0.3, 1, 0.4, -0.6],
        [0, 0.2, 0.9, 1],
      ],
      -1,
    );
    const { step, change } = pairs.at(-1) as CurvaturePair;
    for (const [k, value] of hessianTimes(pairs, step, dot).entries())
      expect(value).toBeCloseTo(change[k] as number, 10);
  });

  test("no pairs, or none that determine it: zero", () => {
    const v = Float64Array.of(1, 2, 3, 4);
    expect(hessianTimes([], v, dot)).toEqual(new Float64Array(4));
    expect(hessianTimes(pairsOf([[0, 0, 0, 0]], 1), v, dot)).toEqual(new Float64Array(4));
  });

  test("a step that came twice changes nothing but rounding", () => {
    const once = pairsOf([[1, 2, 0, 1]], 1);
    const v = Float64Array.of(1, -1, 1, 0.5);
    const expected = hessianTimes(once, v, dot);
    for (const [k, value] of hessianTimes([...once, ...once], v, dot).entries()) {
      expect(value).toBeCloseTo(expected[k] as number, 9);
    }
  });
});
