import { describe, expect, test } from "vitest";
import { maxComparators, sortingNetwork } from "./sorting-network.ts";

function applied(network: Uint32Array, values: readonly number[]): number[] {
  const sorted = [...values];
  for (let k = 0; k < network.length; k += 2) {
    const [a, b] = [network[k] as number, network[k + 1] as number];
    [sorted[a], sorted[b]] = [sorted[a] as number, sorted[b] as number].sort((x, y) => x - y) as [number, number];
  }
  return sorted;
}

/** A network that sorts every sequence of zeros and ones sorts everything (Knuth 5.3.4, Theorem Z). */
function zerosAndOnes(n: number): number[][] {
  return Array.from({ length: 2 ** n }, (_, bits) => Array.from({ length: n }, (_, i) => (bits >> i) & 1));
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe("sorting networks", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("every sequence of %i zeros and ones is sorted", (n) => {
    const network = sortingNetwork(n);
    for (const values of zerosAndOnes(n)) expect(applied(network, values)).toEqual(ascending(values));
  });

  test("of the places asked for, each has its value, whatever the others hold", () => {
    const n = 9;
    for (const [from, to] of [
      [4, 5],
      [2, 7],
      [0, 1],
    ] as const) {
      const network = sortingNetwork(n, from, to);
      for (const values of zerosAndOnes(n)) {
        expect(applied(network, values).slice(from, to)).toEqual(ascending(values).slice(from, to));
      }
    }
  });

  test("63 comparators sort 16 values; the median of 100 needs fewer than their order", () => {
    expect(sortingNetwork(16).length / 2).toBe(63);
    expect(maxComparators(16)).toBe(63);
    for (let n = 1; n < 70; n++) expect(sortingNetwork(n).length / 2).toBeLessThanOrEqual(maxComparators(n));
    expect(sortingNetwork(100, 49, 51).length).toBeLessThan(sortingNetwork(100).length);
  });
});
