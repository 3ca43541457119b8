import { describe, expect, test } from "vitest";
import { derivedSeed, NOISE_BLOCK_LENGTH, type NoiseLevel, type NoiseSpec, noiseOfBlocks } from "./noise.ts";
import { NoiseAhead } from "./noise-ahead.ts";
import { inlineNoise } from "./noise-source.ts";
import { noiseThreads } from "./noise-threads.ts";

const seed = (byte: number) => new Uint8Array(32).fill(byte);
const spec = (changes: Partial<NoiseSpec> = {}): NoiseSpec => ({
  level: "production",
  stdDev: 2 ** 20,
  length: 1_000,
  terms: [{ seed: seed(1), sign: 1 }],
  ...changes,
});
const LEVELS: readonly NoiseLevel[] = ["research", "production"];
const STD_DEVS = [0.5, 1, 3];
/** Of level "production" the unit is a step of the grid, and there are many to a standard deviation. */
const unitOf = (level: NoiseLevel) => (level === "production" ? 2 ** 20 : 1);

/** To the bit, and fast. */
const isSame = (a: Float64Array, b: Float64Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

/** In standard deviations. */
function drawn(level: NoiseLevel, stdDev: number, length: number, byte = 1): Float64Array {
  const unit = unitOf(level);
  const terms = [{ seed: seed(byte), sign: 1 }] as const;
  return noiseOfBlocks(spec({ level, stdDev: stdDev * unit, length, terms }), 0, 1).map((it) => it / unit);
}

/** P(N(0, 1) <= x) by Simpson's rule on the density. */
function normalCdf(x: number): number {
  const steps = 400;
  const h = x / steps;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 === 0 ? 2 : 4);
  return 0.5 + (sum * h) / 3;
}

describe.each(LEVELS)("noise of level %s", (level) => {
  test.each(STD_DEVS)("has %d as its standard deviation, not as its variance", (stdDev) => {
    const n = 60_000;
    const noise = drawn(level, stdDev, n);
    const mean = noise.reduce((sum, value) => sum + value, 0) / n;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    // the standard error of a standard deviation is sigma / sqrt(2n)
    expect(Math.abs(Math.sqrt(variance) / stdDev - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
    expect(Math.abs(mean / stdDev)).toBeLessThan(4 / Math.sqrt(n));
  });

  test.each(STD_DEVS)("is normal at %d: Kolmogorov and Smirnov cannot tell it apart", (stdDev) => {
    const n = 20_000;
    const sorted = drawn(level, stdDev, n, 2).sort();
    let distance = 0;
    for (let i = 0; i < n; i += 50) {
      distance = Math.max(distance, Math.abs(normalCdf((sorted[i] as number) / stdDev) - (i + 0.5) / n));
    }
    // exceeded by chance once in 1,000 seeds; this seed is fixed
    expect(distance).toBeLessThan(1.95 / Math.sqrt(n));
  });

  test("of two seeds has nothing in common", () => {
    const n = 20_000;
    const [one, other] = [drawn(level, 1, n, 3), drawn(level, 1, n, 4)];
    const correlation = one.reduce((sum, value, i) => sum + value * (other[i] as number), 0) / n;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
    expect(one.filter((value, i) => value === other[i])).toHaveLength(0);
  });

  test("of one seed is the same, however its blocks are made", async () => {
    const long = spec({ level, length: 2 * NOISE_BLOCK_LENGTH + 5 });
    const whole = noiseOfBlocks(long, 0, 3);
    expect(isSame(noiseOfBlocks(long, 1, 2), whole.subarray(NOISE_BLOCK_LENGTH))).toBe(true);
    expect(isSame(await inlineNoise.make(long), whole)).toBe(true);
    expect(whole.subarray(0, 5)).not.toEqual(whole.subarray(NOISE_BLOCK_LENGTH, NOISE_BLOCK_LENGTH + 5));
  });

  test("of several terms is their signed sum", () => {
    const [one, two] = [drawn(level, 1, 100, 1), drawn(level, 1, 100, 2)];
    const terms = [
      { seed: seed(1), sign: 1 },
      { seed: seed(2), sign: -1 },
    ] as const;
    const unit = unitOf(level);
    const sum = noiseOfBlocks(spec({ level, stdDev: unit, length: 100, terms }), 0, 1);
    expect(sum.map((it) => it / unit)).toEqual(one.map((value, i) => value - (two[i] as number)));
  });
});

test("noise of level production is whole numbers", () => {
  expect(noiseOfBlocks(spec(), 0, 1).every(Number.isInteger)).toBe(true);
});

test("seeds for different purposes differ, and none is the seed itself", () => {
  const seeds = [
    seed(1),
    derivedSeed(seed(1), "block 0"),
    derivedSeed(seed(1), "block 1"),
    derivedSeed(seed(1), "tree"),
  ];
  expect(new Set(seeds.map((it) => Buffer.from(it).toString("hex"))).size).toBe(4);
});

describe("noise from threads", () => {
  test("is the same as from this thread, and ends with the source", async () => {
    const threads = noiseThreads({ numThreads: 2 });
    const long = spec({ length: 5 * NOISE_BLOCK_LENGTH + 7 });
    try {
      expect(isSame(await threads.make(long), await inlineNoise.make(long))).toBe(true);
      expect(await threads.make(spec())).toEqual(await inlineNoise.make(spec()));
    } finally {
      await threads.close();
    }
    await expect(threads.make(spec())).rejects.toThrow(expect.objectContaining({ code: "SHUTTING_DOWN" }));
  });

  test("that cannot be made fails, and what comes after does not wait for it", async () => {
    const threads = noiseThreads({ numThreads: 1 });
    try {
      const impossible = spec({ length: 5 * NOISE_BLOCK_LENGTH, stdDev: -1 });
      const failed = expect.objectContaining({ code: "AGGREGATION_FAILED" });
      await expect(threads.make(impossible)).rejects.toThrow(failed);
      await expect(threads.make(impossible)).rejects.toThrow(failed);
    } finally {
      await threads.close();
    }
  });

  test("fails where no thread can start", async () => {
    const threads = noiseThreads({ numThreads: 1, worker: new URL("data:text/javascript,throw new Error('torn')") });
    try {
      const long = spec({ length: 5 * NOISE_BLOCK_LENGTH });
      await expect(threads.make(long)).rejects.toMatchObject({ code: "AGGREGATION_FAILED" });
    } finally {
      await threads.close();
    }
  });
});

describe("noise made ahead", () => {
  function counting() {
    const made: NoiseSpec[] = [];
    const make = async (it: NoiseSpec) => {
      made.push(it);
      return inlineNoise.make(it);
    };
    return { made, ahead: new NoiseAhead({ make, close: inlineNoise.close }) };
  }

  test("is taken once, if it is what was prepared", async () => {
    const { made, ahead } = counting();
    ahead.prepare(spec());
    expect(await ahead.take(spec())).toEqual(await inlineNoise.make(spec()));
    expect(made).toHaveLength(1);
    await ahead.take(spec());
    expect(made).toHaveLength(2);
  });

  test.each([
    ["another seed", { terms: [{ seed: seed(2), sign: 1 }] }],
    ["another deviation", { stdDev: 3 }],
    ["another level", { level: "research" }],
    ["another length", { length: 999 }],
  ] as const)("is left alone when %s is asked for", async (_, changes) => {
    const { made, ahead } = counting();
    ahead.prepare(spec());
    expect(await ahead.take(spec(changes))).toEqual(await inlineNoise.make(spec(changes)));
    expect(made).toHaveLength(2);
  });

  test("is made once more where making it ahead failed", async () => {
    let attempts = 0;
    const make = async (it: NoiseSpec) => {
      if (attempts++ === 0) throw new Error("no memory");
      return inlineNoise.make(it);
    };
    const ahead = new NoiseAhead({ make, close: inlineNoise.close });
    ahead.prepare(spec());
    expect(await ahead.take(spec())).toEqual(await inlineNoise.make(spec()));
  });
});
