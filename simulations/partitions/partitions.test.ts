import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { dirichlet } from "./dirichlet.ts";
import { iid } from "./iid.ts";
import type { Partition } from "./partition.ts";
import { parsePartition } from "./settings.ts";

const randomOf = (seed: number) => seededRandom(sha256Bytes(`partition ${seed}`));
const labelsOf = (numExamples: number) => Uint8Array.from({ length: numExamples }, (_, i) => (i * 7) % 10);
const allOf = (partition: Partition) => partition.flatMap((share) => [...share]).sort((a, b) => a - b);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

const partitions: readonly [string, (numExamples: number, numClients: number, seed: number) => Partition][] = [
  ["iid", (numExamples, numClients, seed) => iid(numExamples, numClients, randomOf(seed))],
  [
    "Dirichlet 0.5",
    (numExamples, numClients, seed) =>
      dirichlet(labelsOf(numExamples), { numClients, alpha: 0.5, minimum: 4 }, randomOf(seed)),
  ],
  [
    "Dirichlet 0.01",
    (numExamples, numClients, seed) =>
      dirichlet(labelsOf(numExamples), { numClients, alpha: 0.01, minimum: 4 }, randomOf(seed)),
  ],
];

describe.each(partitions)("%s", (_name, partition) => {
  test("every example goes to exactly one client, and every client gets its minimum", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 48, max: 400 }),
        fc.nat(1000),
        (clients, n, seed) => {
          const shares = partition(n, clients, seed);
          expect(shares).toHaveLength(clients);
          expect(allOf(shares)).toEqual(upTo(n));
          for (const share of shares) expect(share.length).toBeGreaterThanOrEqual(4);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a seed fixes it, another seed changes it", () => {
    expect(partition(300, 5, 1)).toEqual(partition(300, 5, 1));
    expect(partition(300, 5, 1)).not.toEqual(partition(300, 5, 2));
  });
});

/** The mean over clients of the share that a client's commonest class has in its data. */
function skew(partition: Partition, labels: Uint8Array): number {
  const shares = partition.map((share) => {
    const counts = new Array<number>(10).fill(0);
    for (const example of share) {
      const label = labels[example] as number;
      counts[label] = (counts[label] as number) + 1;
    }
    return Math.max(...counts) / share.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

test("the smaller alpha, the fewer classes a client sees", () => {
  const labels = labelsOf(10_000);
  const at = (alpha: number) => skew(dirichlet(labels, { numClients: 10, alpha, minimum: 32 }, randomOf(3)), labels);
  expect(at(0.05)).toBeGreaterThan(0.5);
  expect(at(0.5)).toBeGreaterThan(0.2);
  expect(at(0.5)).toBeLessThan(at(0.05));
  expect(at(1000)).toBeLessThan(0.12);
});

test("proportions have the mean and the variance of a symmetric Dirichlet", () => {
  const labels = new Uint8Array(1000);
  const shares = upTo(600).map((seed) => {
    const [first] = dirichlet(labels, { numClients: 4, alpha: 0.5, minimum: 0 }, randomOf(seed));
    return (first?.length ?? 0) / 1000;
  });
  const mean = shares.reduce((sum, it) => sum + it, 0) / shares.length;
  const variance = shares.reduce((sum, it) => sum + (it - mean) ** 2, 0) / shares.length;
  // Dir(a, a, a, a): mean 1/4, variance (1/4)(3/4) / (4a + 1) = 0.0625.
  expect(mean).toBeCloseTo(0.25, 1);
  expect(Math.abs(variance - 0.0625)).toBeLessThan(0.01);
});

test("a demand that the data cannot meet is refused", () => {
  expect(() => dirichlet(labelsOf(10), { numClients: 4, alpha: 0.5, minimum: 4 }, randomOf(0))).toThrow(RangeError);
});

describe("reading a partition", () => {
  test("by name, with alpha after a colon", () => {
    expect(parsePartition("iid")).toEqual({ name: "iid" });
    expect(parsePartition("dirichlet")).toEqual({ name: "dirichlet", alpha: 0.5 });
    expect(parsePartition("dirichlet:0.1")).toEqual({ name: "dirichlet", alpha: 0.1 });
  });

  test.each([
    ["dirichelt", 'unknown partition "dirichelt": did you mean dirichlet?'],
    ["iid:2", "iid takes no parameter"],
    ["dirichlet:0", "alpha is a number from 0.01"],
    ["dirichlet:x", "alpha is a number from 0.01"],
    ["", 'unknown partition ""'],
  ])("%j is refused", (text, message) => {
    expect(() => parsePartition(text)).toThrow(message);
  });
});
