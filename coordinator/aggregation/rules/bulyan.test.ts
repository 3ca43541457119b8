import { describe, expect, test } from "vitest";
import { aggregateOf, float32, geometryOf, normalVectors } from "../testing.ts";
import { bulyan } from "./bulyan.ts";

const picksOf = async (vectors: readonly Float32Array[], f: number) =>
  bulyan({ numByzantine: f }).selectRows?.(await geometryOf(vectors));

describe("Bulyan", () => {
  test("worked by hand: five of seven are picked, the three values nearest their median averaged", async () => {
    // by 4 neighbours 3 scores 4+1+1+4 = 10 and goes first; then by 3 of {1, 2, 4, 5, 20, 90} 2 and 4 score 1+4+9, 2 wins
    const vectors = float32([90], [1], [2], [3], [4], [5], [20]);
    expect(await picksOf(vectors, 1)).toEqual([2, 3, 4, 5, 6]);
    const { values } = await aggregateOf(vectors, { rule: "Bulyan", numByzantine: 1 });
    expect([...values]).toEqual([3]);
  });

  test("scores are counted again among those that remain", async () => {
    // counted once, 3, 6, 7, 12 and 14 score lowest; but with 12, 3 and 6 gone, 7 has lost its neighbours
    expect(await picksOf(float32([0], [3], [6], [7], [12], [14], [15]), 1)).toEqual([1, 2, 3, 5, 6]);
  });

  test("a score over one neighbour ties for the two that are nearest each other: the lower client id goes first", async () => {
    // 12, 3 and 6 are gone: 14 and 15 both score 1
    expect(await picksOf(float32([0], [3], [6], [7], [12], [15], [14]), 1)).toEqual([1, 2, 3, 5, 6]);
  });

  test("with many updates and many ties: Krum, again and again", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const f = seed % 6;
      const vectors = normalVectors(4 * f + 3 + (seed % 3), 2, seed).map((x) => x.map(Math.round));
      const remaining = vectors.map((x, i) => ({ row: i + 1, x }));
      const picked: number[] = [];
      while (picked.length < vectors.length - 2 * f) {
        const numNeighbours = Math.max(1, remaining.length - f - 2);
        const scores = remaining.map(({ row, x }) =>
          remaining
            .filter((other) => other.row !== row)
            .map((other) => Math.hypot(...other.x.map((value, k) => value - (x[k] as number))) ** 2)
            .sort((a, b) => a - b)
            .slice(0, numNeighbours)
            .reduce((sum, distance) => sum + Math.round(distance), 0),
        );
        picked.push(...remaining.splice(scores.indexOf(Math.min(...scores)), 1).map(({ row }) => row));
      }
      expect(await picksOf(vectors, f)).toEqual(picked.sort((a, b) => a - b));
    }
  });

  test("f = 0 gives the mean", async () => {
    const vectors = normalVectors(6, 20, 1);
    expect((await aggregateOf(vectors, { rule: "Bulyan" })).values).toEqual(
      (await aggregateOf(vectors, { rule: "TrimmedMean" })).values,
    );
  });

  test.each([1e6, 1e15, 1e30])("attackers of norm %f are not picked", async (norm) => {
    const attackers = float32([norm, 0], [0, -norm]);
    const honest = normalVectors(9, 2, 3);
    for (const row of (await picksOf([...attackers, ...honest], 2)) ?? []) expect(row).toBeGreaterThan(2);
    const { values } = await aggregateOf([...attackers, ...honest], { rule: "Bulyan", numByzantine: 2 });
    expect(Math.hypot(...values)).toBeLessThan(4);
  });

  test("updates that are all the same stay what they are", async () => {
    const same = Array.from({ length: 7 }, () => Float32Array.of(0.1, -1e-20, 7e9, 0));
    expect((await aggregateOf(same, { rule: "Bulyan", numByzantine: 1 })).values).toEqual(same[0]);
    expect(await picksOf(same, 1)).toEqual([1, 2, 3, 4, 5]);
  });

  test("one update short of 4f + 3 is refused", async () => {
    await expect(aggregateOf(normalVectors(6, 2, 1), { rule: "Bulyan", numByzantine: 1 })).rejects.toThrow(
      "Bulyan needs at least 7 updates (n >= 4f + 3, f = 1); it would get 6",
    );
  });
});
