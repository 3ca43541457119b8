import { describe, expect, test } from "vitest";
import { clipFactor, cosine, cosineOf, medianOf, onUpdates, updateNorms } from "./measures.ts";
import { ruleInput } from "./testing.ts";

const { geometry } = ruleInput(
  { needs: {} },
  {
    updates: [
      [3, 4],
      [-6, -8],
      [0, 0],
      [4, -3],
    ],
    references: { rootUpdate: [1, 0] },
  },
);

describe("measures of a geometry", () => {
  test("norms are those of the updates alone", () => {
    expect(updateNorms(geometry)).toEqual(Float64Array.of(5, 10, 0, 5));
  });

  test("cosines between any two rows; of a zero row 0", () => {
    expect([cosine(geometry, 1, 2), cosine(geometry, 1, 4), cosine(geometry, 1, 5)]).toEqual([-1, 0, 0.6]);
    expect([cosine(geometry, 3, 1), cosine(geometry, 3, 3)]).toEqual([0, 0]);
  });

  test("rounding never lifts a cosine out of [-1, 1], and squares of huge norms do not overflow it", () => {
    expect(cosineOf(1 + 2e-16, 1, 1)).toBe(1);
    expect(cosineOf(-1.1e300, 1e300, 1e300)).toBe(-1);
  });

  test("a factor clips to the bound, never stretches", () => {
    expect([clipFactor(4, 1), clipFactor(1, 4), clipFactor(0, 0), clipFactor(2, 0)]).toEqual([0.25, 1, 1, 0]);
  });

  test("the median of an even number is between the two in the middle", () => {
    expect([medianOf(Float64Array.of(9, 1, 5)), medianOf(Float64Array.of(9, 1, 5, 2))]).toEqual([5, 3.5]);
  });

  test("coefficients on updates leave the origin and references at 0", () => {
    expect(onUpdates(geometry, [1, 2, 3, 4])).toEqual(Float64Array.of(0, 1, 2, 3, 4, 0));
  });
});
