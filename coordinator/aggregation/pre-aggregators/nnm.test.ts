import { describe, expect, test } from "vitest";
import { aggregateOf, chance, float32, geometryOf, normalVectors } from "../testing.ts";
import { nnm } from "./nnm.ts";

async function weightsOf(vectors: readonly Float32Array[], f: number): Promise<number[][]> {
  const { numOutputs, numRows, values } = nnm({ numByzantine: f }).mix(await geometryOf(vectors), chance);
  return Array.from({ length: numOutputs }, (_, i) => [...values.subarray(i * numRows, (i + 1) * numRows)]);
}

describe("NNM", () => {
  test("worked by hand: 0 and 1 mix with each other, 10 with its nearer neighbour 1", async () => {
    expect(await weightsOf(float32([0], [1], [10]), 1)).toEqual([
      [0, 0.5, 0.5, 0],
      [0, 0.5, 0.5, 0],
      [0, 0, 0.5, 0.5],
    ]);
  });

  test("ties go to the lowest client id", async () => {
    expect((await weightsOf(float32([0], [1], [2]), 1))[1]).toEqual([0, 0.5, 0.5, 0]);
  });

  test("f = 0 turns every update into the mean", async () => {
    const vectors = normalVectors(5, 30, 1);
    const mean = await aggregateOf(vectors, { rule: "FedAvg" });
    const mixed = await aggregateOf(vectors, { rule: "Median", preAggregators: ["NNM"] });
    for (const [i, value] of mean.values.entries()) expect(mixed.values[i]).toBeCloseTo(value, 6);
  });

  test.each([1e6, 1e15, 1e30])("attackers of norm %f are mixed into no honest update", async (norm) => {
    const honest = normalVectors(7, 40, 2);
    const attackers = normalVectors(3, 40, 3).map((x) => x.map((v) => (v / Math.hypot(...x)) * norm));
    const weights = await weightsOf([...attackers, ...honest], 3);
    for (const row of weights.slice(3)) expect(row.slice(1, 4)).toEqual([0, 0, 0]);
    const setup = { preAggregators: ["NNM"], numByzantine: 3 };
    for (const rule of ["TrimmedMean", "Krum", "MultiKrum"]) {
      const { values } = await aggregateOf([...attackers, ...honest], { ...setup, rule });
      expect(Math.hypot(...values)).toBeLessThan(40);
    }
  });

  test("updates that are all the same stay what they are, under every rule", async () => {
    const same = Array.from({ length: 9 }, () => Float32Array.of(0.1, -1e-20, 7e9, 0));
    for (const rule of ["FedAvg", "Median", "TrimmedMean", "Krum", "MultiKrum"]) {
      const { values } = await aggregateOf(same, { rule, preAggregators: ["NNM"], numByzantine: 3 });
      expect(values).toEqual(same[0]);
    }
  });

  test("half of the updates being attackers is refused", async () => {
    await expect(
      aggregateOf(float32([1], [2]), { rule: "FedAvg", preAggregators: ["NNM"], numByzantine: 1 }),
    ).rejects.toThrow("NNM needs at least 3 updates (n >= 2f + 1, f = 1); it would get 2");
  });
});
