import fc from "fast-check";
import { expect, test } from "vitest";
import { isFinite32, norm, sumOfSquares } from "./norms.ts";

const vectors = fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 50 });
const LARGEST = 3.4028234663852886e38;

test("worked by hand", () => {
  expect(norm(Float32Array.of(3, -4))).toBe(5);
  expect(norm(new Float32Array(0))).toBe(0);
});

test("the largest and the smallest float32 neither overflow nor vanish", () => {
  expect(norm(Float32Array.of(LARGEST, 0))).toBe(LARGEST);
  expect(norm(Float32Array.of(2 ** -149))).toBe(2 ** -149);
  expect(norm(new Float32Array(4).fill(LARGEST))).toBe(2 * LARGEST);
});

test("small values beside a large one are not lost as they would be in float32", () => {
  const values = new Float32Array(10_001).fill(1);
  values[0] = 10_000;
  expect(norm(values)).toBe(Math.sqrt(1e8 + 1e4));
});

test("cutting a vector into chunks changes no bit", () => {
  fc.assert(
    fc.property(vectors, fc.nat(50), (values, cut) => {
      const first = sumOfSquares(values.subarray(0, cut));
      expect(sumOfSquares(values.subarray(cut), first)).toBe(sumOfSquares(values));
    }),
  );
});

test("every finite vector is finite, and one NaN or infinity anywhere is found", () => {
  expect(isFinite32(new Float32Array(1_000).fill(LARGEST))).toBe(true);
  fc.assert(fc.property(vectors, isFinite32));
  const poison = fc.constantFrom(Number.NaN, Infinity, -Infinity);
  fc.assert(
    fc.property(vectors, fc.nat(50), poison, (values, at, bad) => {
      const poisoned = Float32Array.of(...values.subarray(0, at), bad, ...values.subarray(at));
      return !isFinite32(poisoned);
    }),
  );
});
