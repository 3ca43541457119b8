import { describe, expect, test } from "vitest";
import type { NamedSettings } from "../../../core/plan.ts";
import { aggregateOf, float32, geometryOf, normalVectors } from "../testing.ts";
import { byKrumScore } from "./krum-scores.ts";

const orderOf = async (vectors: readonly Float32Array[], f: number, neighbours: "n-f-2" | "n-f-1" = "n-f-2") =>
  byKrumScore(await geometryOf(vectors), f, neighbours);

describe("Krum", () => {
  test("worked by hand: with two neighbours 2 scores 1 + 1, its neighbours 1 + 4", async () => {
    const vectors = float32([1], [2], [3], [9], [50]);
    expect(await orderOf(vectors, 1)).toEqual([2, 1, 3, 4, 5]);
    const { values, coefficients } = await aggregateOf(vectors, { rule: "Krum", numByzantine: 1 });
    expect([...values]).toEqual([2]);
    expect(coefficients).toEqual(Float64Array.of(0, 1, 0, 0, 0));
  });

  test("with one neighbour more another update can win", async () => {
    const vectors = float32([0], [1], [4], [5.5], [9]);
    expect((await orderOf(vectors, 1))[0]).not.toBe((await orderOf(vectors, 1, "n-f-1"))[0]);
  });

  test("an update is not its own neighbour", async () => {
    // with itself counted the far pair (10, 10) would win by a score of 0 for one neighbour
    expect((await orderOf(float32([0], [0.1], [0.2], [10], [10]), 1))[0]).toBe(2);
  });

  test("select: the mean of as many of lowest score, as MultiKrum; one by default", async () => {
    const vectors = float32([1], [2], [3], [9], [50]);
    const of = (rule: NamedSettings) => aggregateOf(vectors, { rule, numByzantine: 1 });
    expect((await of({ name: "Krum", select: 1 })).coefficients).toEqual((await of({ name: "Krum" })).coefficients);
    expect([...(await of({ name: "Krum", select: 2 })).values]).toEqual([1.5]);
    for (const select of ["n-f-2", "n-f", 3]) {
      expect(await of({ name: "Krum", select })).toEqual(await of({ name: "MultiKrum", select }));
    }
    await expect(of({ name: "Krum", select: 5 })).rejects.toThrow("Krum needs at least 5 updates");
  });

  test("ties go to the lowest client id", async () => {
    expect(await orderOf(float32([5, 5], [5, 5], [5, 5], [5, 5], [5, 5]), 1)).toEqual([1, 2, 3, 4, 5]);
    expect((await orderOf(float32([9], [1], [2], [3], [4]), 1))[0]).toBe(3);
    expect((await orderOf(float32([9], [4], [3], [2], [1]), 1))[0]).toBe(3);
  });

  test("the order of the updates does not change the winner, nor a bit of it", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const vectors = normalVectors(9, 30, seed);
      const turned = [...vectors.slice(4), ...vectors.slice(0, 4)];
      const setup = { rule: "Krum", numByzantine: 2 };
      expect((await aggregateOf(turned, setup)).values).toEqual((await aggregateOf(vectors, setup)).values);
    }
  });

  test("f identical attackers never win where Krum is feasible, and do one update below 2f + 2", async () => {
    const attackers = Array.from({ length: 3 }, () => new Float32Array(20).fill(50));
    for (let seed = 0; seed < 10; seed++) {
      const order = await orderOf([...attackers, ...normalVectors(6, 20, seed)], 3);
      expect(order[0]).toBeGreaterThan(3);
    }
    const [winner] = await orderOf([...attackers, ...normalVectors(4, 20, 0)], 3);
    expect(winner).toBe(1);
    const tooFew = aggregateOf([...attackers, ...normalVectors(5, 20, 0)], { rule: "Krum", numByzantine: 3 });
    await expect(tooFew).rejects.toThrow("Krum needs at least 9 updates (n >= 2f + 3, f = 3); it would get 8");
  });
});
