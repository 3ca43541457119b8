import fc from "fast-check";
import { expect, test } from "vitest";
import { ln } from "./ln.ts";

/** The distance of two doubles of one sign, counted in representable numbers. */
function ulps(a: number, b: number): bigint {
  const [x, y] = new BigInt64Array(Float64Array.of(a, b).buffer);
  const distance = (x as bigint) - (y as bigint);
  return distance < 0n ? -distance : distance;
}

test.each([
  [1, 0],
  [2, Math.LN2],
  [0.5, -Math.LN2],
  [10, Math.LN10],
  [Math.E, 1],
  [2 ** -1074, -744.4400719213812],
  [Number.MAX_VALUE, 709.782712893384],
])("ln %d is known", (x, expected) => {
  expect(ln(x)).toBe(expected);
});

test("is within 1 ulp of the engine's own over all positive doubles", () => {
  const positive = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
  fc.assert(
    fc.property(positive, (x) => ulps(ln(x), Math.log(x)) <= 1n),
    { numRuns: 20_000 },
  );
});

test("is within 1 ulp of the engine's own near 1, where digits cancel", () => {
  const nearOne = fc.double({ min: -1e-3, max: 1e-3, noNaN: true }).map((it) => 1 + it);
  fc.assert(
    fc.property(nearOne, (x) => ulps(ln(x), Math.log(x)) <= 1n),
    { numRuns: 20_000 },
  );
});

test.each([0, -0, -1, Infinity, Number.NaN])("ln %d has no value", (x) => {
  expect(() => ln(x)).toThrow(RangeError);
});
