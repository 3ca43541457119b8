import fc from "fast-check";
import { expect, test } from "vitest";
import { clip } from "./clip.ts";
import { norm } from "./norms.ts";

test("worked by hand: (3, 4) has norm 5; clipped to 1 it is (0.6, 0.8)", () => {
  const clipped = clip(Float32Array.of(3, 4), 1);
  expect(clipped[0]).toBeCloseTo(0.6, 6);
  expect(clipped[1]).toBeCloseTo(0.8, 6);
});

test("at the bound and below it the vector is left as it is", () => {
  const values = Float32Array.of(3, 4);
  expect(clip(values, 5)).toBe(values);
  expect(clip(values, Infinity)).toBe(values);
});

test.each([Number.NaN, Infinity, -Infinity])("%s anywhere makes the zero vector", (bad) => {
  expect([...clip(Float32Array.of(1, bad, 2), 1)]).toEqual([0, 0, 0]);
  expect([...clip(Float32Array.of(1, bad, 2), Infinity)]).toEqual([0, 0, 0]);
});

test("the input is not written to", () => {
  const values = Float32Array.of(3, 4);
  clip(values, 1);
  expect([...values]).toEqual([3, 4]);
});

test("bounds below the smallest float32 give zero, not an endless loop", () => {
  expect(norm(clip(Float32Array.of(1, -1e38, 2), 1e-45))).toBe(0);
});

test("never above the bound, in float64, and hardly below it", () => {
  const vectors = fc.float32Array({ minLength: 1, maxLength: 50, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(vectors, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (values, clipNorm) => {
      const before = norm(values);
      const after = norm(clip(values, clipNorm));
      expect(after).toBeLessThanOrEqual(clipNorm);
      if (before > clipNorm) expect(after).toBeGreaterThan(clipNorm * (1 - 1e-6));
    }),
  );
});
