import { describe, expect, test } from "vitest";
import { ln } from "../../../core/random/ln.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { pipelineFor } from "../../aggregation/testing.ts";
import { addGaussianNoise, noiseStdDev } from "./gaussian.ts";

const randomness = (seed: number) => seededRandom(new Uint8Array(32).fill(seed));
const privacy = {
  mode: "central",
  clipNorm: 4,
  noiseMultiplier: 1.5,
  delta: 1e-5,
  maxEpsilon: 10,
  adjacency: "zero-out",
  onAbsence: "zero",
} as const;

/** P(N(0, 1) <= x) by Simpson's rule on the density. */
function normalCdf(x: number): number {
  const steps = 400;
  const h = x / steps;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 === 0 ? 2 : 4);
  return 0.5 + (sum * h) / 3;
}

describe("Gaussian noise on an aggregate", () => {
  test.each([0.5, 1, 3])("has %f as its standard deviation, not as its variance", (stdDev) => {
    const n = 200_000;
    const noise = addGaussianNoise(new Float32Array(n), stdDev, randomness(1));
    const mean = noise.reduce((sum, value) => sum + value, 0) / n;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    // the standard error of a standard deviation is sigma / sqrt(2n)
    expect(Math.abs(Math.sqrt(variance) / stdDev - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
    expect(Math.abs(mean / stdDev)).toBeLessThan(4 / Math.sqrt(n));
  });

  test.each([0.5, 3])("is normal at %f: Kolmogorov and Smirnov cannot tell it apart", (stdDev) => {
    const n = 20_000;
    const sorted = addGaussianNoise(new Float32Array(n), stdDev, randomness(2)).sort();
    let distance = 0;
    for (let i = 0; i < n; i += 50) {
      distance = Math.max(distance, Math.abs(normalCdf((sorted[i] as number) / stdDev) - (i + 0.5) / n));
    }
    expect(distance).toBeLessThan(Math.sqrt(-0.5 * ln(0.0005)) / Math.sqrt(n));
  });

  test("is added to the values, which stay as they are, and is the same for the same seed", () => {
    const values = Float32Array.of(100, -100);
    const noised = addGaussianNoise(values, 1, randomness(3));
    expect([...values]).toEqual([100, -100]);
    expect(Math.abs((noised[0] as number) - 100)).toBeLessThan(6);
    expect(Math.abs((noised[1] as number) + 100)).toBeLessThan(6);
    expect(addGaussianNoise(values, 1, randomness(3))).toEqual(noised);
    expect(addGaussianNoise(values, 1, randomness(4))).not.toEqual(noised);
  });
});

describe("how much noise", () => {
  test("z times C/n for the mean of n updates", () => {
    expect(noiseStdDev(privacy, pipelineFor({ rule: "FedAvg" }), 10)).toBeCloseTo((1.5 * 4) / 10, 15);
  });

  test("z times C/(n - 2f) for the trimmed mean", () => {
    const trimmed = pipelineFor({ rule: "TrimmedMean", numByzantine: 3 });
    expect(noiseStdDev(privacy, trimmed, 10)).toBeCloseTo((1.5 * 4) / 4, 15);
  });

  test("is the same under replace-one: there it counts half", () => {
    const pipeline = pipelineFor({ rule: "FedAvg" });
    const replaceOne = { ...privacy, adjacency: "replace-one" } as const;
    expect(noiseStdDev(replaceOne, pipeline, 10)).toBe(noiseStdDev(privacy, pipeline, 10));
  });
});
