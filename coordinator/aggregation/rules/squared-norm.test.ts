import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { squaredNorm } from "./squared-norm.ts";
import { ruleInput } from "./testing.ts";

const geometryOf = (updates: readonly (readonly number[])[]) => ruleInput({ needs: {} }, { updates }).geometry;

describe("the squared norm of a combination of rows", () => {
  test("worked by hand: |2 (1, 0) - (0, 3)|^2 = 13", () => {
    expect(
      squaredNorm(
        geometryOf([
          [1, 0],
          [0, 3],
        ]),
        Float64Array.of(0, 2, -1),
      ),
    ).toBeCloseTo(13, 12);
  });

  test("is that of the vector, for any rows and weights", () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true });
    const row = fc.tuple(number, number, number);
    fc.assert(
      fc.property(fc.array(fc.tuple(row, number), { minLength: 1, maxLength: 5 }), (terms) => {
        const sum = [0, 1, 2].map((k) => terms.reduce((total, [x, w]) => total + w * (x[k] as number), 0));
        const weights = Float64Array.from([0, ...terms.map(([, w]) => w)]);
        const geometry = geometryOf(terms.map(([x]) => x));
        expect(squaredNorm(geometry, weights)).toBeCloseTo(
          sum.reduce((total, it) => total + it * it, 0),
          6,
        );
      }),
    );
  });

  test("a small difference of large rows is not lost", () => {
    const large = 2 ** 30;
    const geometry = geometryOf([
      [large, 1],
      [large, 1 + 2 ** -10],
    ]);
    expect(squaredNorm(geometry, Float64Array.of(0, 1, -1))).toBe(2 ** -20);
  });

  test("a huge row scaled down does not drown the others", () => {
    const geometry = geometryOf([
      [1e30, 0],
      [0, 2],
    ]);
    expect(squaredNorm(geometry, Float64Array.of(0, 1e-30, 1))).toBeCloseTo(5, 9);
  });

  test("no weights, no norm; never below 0", () => {
    const geometry = geometryOf([
      [0.1, 0.7],
      [0.1, 0.7],
      [0.1, 0.7],
    ]);
    expect(squaredNorm(geometry, new Float64Array(4))).toBe(0);
    expect(squaredNorm(geometry, Float64Array.of(0, 0.3, 0.3, -0.6))).toBeGreaterThanOrEqual(0);
    // 0 but for rounding
    const onALine = geometryOf([[-0.8], [0.8], [-0.2]]);
    expect(squaredNorm(onALine, Float64Array.of(0, 0.9, 0.8, -0.4))).toBeGreaterThanOrEqual(0);
  });
});
