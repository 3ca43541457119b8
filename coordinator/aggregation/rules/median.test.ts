import { describe, expect, test } from "vitest";
import { aggregateOf, float32 } from "../testing.ts";

describe("Median", () => {
  test("worked by hand: an even number of updates averages the two in the middle", async () => {
    const odd = await aggregateOf(float32([1, 9], [5, 2], [3, 4]), { rule: "Median", numByzantine: 1 });
    expect([...odd.values]).toEqual([3, 4]);
    const even = await aggregateOf(float32([1, 9], [5, 2], [3, 4], [4, 1e9]), { rule: "Median", numByzantine: 1 });
    expect([...even.values]).toEqual([3.5, 6.5]);
  });

  test("half of the updates being attackers is refused", async () => {
    await expect(aggregateOf(float32([1], [2], [9], [9]), { rule: "Median", numByzantine: 2 })).rejects.toThrow(
      "Median needs at least 5 updates (n >= 2f + 1, f = 2); it would get 4",
    );
  });
});
