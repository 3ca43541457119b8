import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalCdf } from "../../core/privacy/accountants/special-functions.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { clip } from "../../core/vector/clip.ts";
import { norm } from "../../core/vector/norms.ts";
import { withLocalNoise } from "./local-noise.ts";

const random = (fill: number) => seededRandom(new Uint8Array(32).fill(fill));
const D = 100_000;

describe.each([0.5, 1, 3])("at standard deviation %d", (stdDev) => {
  const noised = withLocalNoise(new Float32Array(D), 1, stdDev, random(1));

  test("the noise has it (not as its variance)", () => {
    // 4 standard errors
    expect(Math.abs(norm(noised) / Math.sqrt(D) / stdDev - 1)).toBeLessThan(4 / Math.sqrt(2 * D));
  });

  test("Kolmogorov-Smirnov: it is normal", () => {
    let distance = 0;
    for (const [i, x] of noised.toSorted().entries()) {
      const expected = normalCdf(x / stdDev);
      distance = Math.max(distance, expected - i / D, (i + 1) / D - expected);
    }
    // exceeded with probability 1e-5; the grid adds as much as half a step
    expect(distance).toBeLessThan(2.47 / Math.sqrt(D) + 1e-4);
  });

  test("it moves the clipped values, by less than a step more or less", () => {
    const values = Float32Array.from({ length: D }, (_, i) => Math.sin(i));
    const clipped = clip(values, 1);
    const moved = withLocalNoise(values, 1, stdDev, random(1)).map((it, i) => it - (noised[i] as number));
    const off = moved.map((it, i) => Math.abs(it - (clipped[i] as number)));
    expect(Math.max(...off.subarray(0, 10_000))).toBeLessThan(stdDev / 2 ** 11);
  });
});

test("whatever the values, the result is the same noise moved by whole steps of a grid: no low bit tells more", () => {
  const stdDev = 0.7;
  const step = 2 ** (-1 - 12);
  const zeros = withLocalNoise(new Float32Array(8), 1, stdDev, random(2));
  const value = fc.float({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 8, maxLength: 8 }), (values) => {
      const noised = withLocalNoise(Float32Array.from(values), 1, stdDev, random(2));
      noised.forEach((it, i) => {
        expect(Number.isInteger(it / step)).toBe(true);
        expect(Number.isInteger((it - (zeros[i] as number)) / step)).toBe(true);
      });
    }),
  );
});

test("rounding to the grid lengthens no update", () => {
  const step = 2 ** -12;
  const values = new Float32Array(1_000).fill(0.9 * step);
  const noised = withLocalNoise(values, 0.9 * step * Math.sqrt(1_000), 1, random(6));
  expect(noised).toEqual(withLocalNoise(new Float32Array(1_000), 1, 1, random(6)));
});

test("a sum of nothing has no sign", () => {
  const small = new Float32Array(400_000).fill(-1e-9);
  const noised = withLocalNoise(small, 1, 0.5, random(7));
  expect(noised.filter((it) => it === 0).length).toBeGreaterThan(5);
  expect(noised.some((it) => Object.is(it, -0))).toBe(false);
});

test("two inputs of any norm end within twice the clip norm of one another, before the noise and after it", () => {
  const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(vector, vector, fc.constantFrom(1e-3, 1, 50), (a, b, clipNorm) => {
      const [x, y] = [a, b].map((it) => withLocalNoise(Float32Array.from(it), clipNorm, clipNorm, random(3)));
      const apart = Math.hypot(...(x as Float32Array).map((it, i) => it - ((y as Float32Array)[i] as number)));
      // float32 rounds the results
      expect(apart).toBeLessThanOrEqual(2 * clipNorm * (1 + 1e-5));
    }),
  );
});

test.each([NaN, Infinity])("an update with %d in it is noise alone", (bad) => {
  const zeros = withLocalNoise(new Float32Array(3), 1, 1, random(4));
  expect(withLocalNoise(Float32Array.of(bad, 5, 1), 1, 1, random(4))).toEqual(zeros);
});

test("noise far above and far below the clip norm", () => {
  for (const stdDev of [1e-9, 1e9]) {
    const noised = withLocalNoise(new Float32Array(D).fill(1), 1, stdDev, random(5));
    const noise = noised.map((it) => it - 1 / Math.sqrt(D));
    expect(norm(noise) / Math.sqrt(D) / stdDev).toBeGreaterThan(0.98);
    expect(norm(noise) / Math.sqrt(D) / stdDev).toBeLessThan(1.02);
  }
});
