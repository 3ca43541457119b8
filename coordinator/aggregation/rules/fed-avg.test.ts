import { describe, expect, test } from "vitest";
import { aggregateOf, float32 } from "../testing.ts";

describe("FedAvg", () => {
  test("worked by hand: the mean of (1, 2) and (3, 6)", async () => {
    expect([...(await aggregateOf(float32([1, 2], [3, 6]), { rule: "FedAvg" })).values]).toEqual([2, 4]);
  });

  test("three quarters of the examples count three quarters", async () => {
    const { values } = await aggregateOf(float32([0, 4], [8, 0]), { rule: "FedAvg", weights: [1, 3] });
    expect([...values]).toEqual([6, 1]);
  });

  test("one attacker moves it anywhere", async () => {
    const { values } = await aggregateOf(float32([1], [1], [3e6]), { rule: "FedAvg", numByzantine: 1 });
    expect(values[0]).toBeGreaterThan(9e5);
  });
});
