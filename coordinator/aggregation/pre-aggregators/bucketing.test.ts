import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mixedBy } from "../rules/testing.ts";
import { bucketing } from "./bucketing.ts";

/** Powers of two: a sum says which of them are in it. */
const powers = (n: number) => Array.from({ length: n }, (_, i) => [2 ** i]);

describe("Bucketing", () => {
  test("three in buckets of two: one mean of two, and one alone", () => {
    const [pair = [], alone = []] = mixedBy(bucketing({ numByzantine: 0, size: 2 }), powers(3));
    expect(2 * (pair[0] as number) + (alone[0] as number)).toBe(7);
    expect([1, 2, 4]).toContain(alone[0]);
  });

  test("every update is in one bucket; buckets are full but the last", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat({ max: 255 }),
        (n, size, seed) => {
          const step = bucketing({ numByzantine: 0, size });
          const mixed = mixedBy(step, powers(n), seed);
          expect(mixed).toHaveLength(step.numOutputs(n));
          const counts = mixed.map((_, i) => Math.min(size, n - i * size));
          const total = mixed.reduce((sum, [mean], i) => sum + (mean as number) * (counts[i] as number), 0);
          expect(total).toBeCloseTo(2 ** n - 1, 6);
        },
      ),
    );
  });

  test("buckets of one are the updates in another order", () => {
    const mixed = mixedBy(bucketing({ numByzantine: 0, size: 1 }), powers(9));
    expect(mixed).not.toEqual(powers(9));
    expect([...mixed].sort(([a], [b]) => (a as number) - (b as number))).toEqual(powers(9));
  });

  test("the seed decides the buckets", () => {
    const step = bucketing({ numByzantine: 0, size: 2 });
    expect(mixedBy(step, powers(10), 3)).toEqual(mixedBy(step, powers(10), 3));
    expect(mixedBy(step, powers(10), 3)).not.toEqual(mixedBy(step, powers(10), 4));
  });

  test("f < n/(2 size), and then most buckets are clean", () => {
    const step = bucketing({ numByzantine: 2, size: 3 });
    expect([step.feasible(12), step.feasible(13)]).toEqual([false, true]);
    expect(step.requirement).toBe("at least 13 updates (f < n/(2 size), size = 3, f = 2)");
    expect(step.numOutputs(13)).toBe(5);
    expect(step.keepsClients).toBe(false);
  });
});
