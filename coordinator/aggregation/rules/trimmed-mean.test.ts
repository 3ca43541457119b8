import { describe, expect, test } from "vitest";
import { aggregateOf, float32 } from "../testing.ts";

describe("TrimmedMean", () => {
  test("worked by hand: 0 and 100 are trimmed; 2, 3 and 7 average to 4", async () => {
    const { values } = await aggregateOf(float32([7], [100], [2], [0], [3]), { rule: "TrimmedMean", numByzantine: 1 });
    expect([...values]).toEqual([4]);
  });

  test("every coordinate trims its own", async () => {
    const vectors = float32([0, 5], [1, -9], [2, 6], [99, 7]);
    const { values } = await aggregateOf(vectors, { rule: "TrimmedMean", numByzantine: 1 });
    expect([...values]).toEqual([1.5, 5.5]);
  });

  test("one update short of 2f + 1 is refused, not averaged", async () => {
    await expect(aggregateOf(float32([1], [2]), { rule: "TrimmedMean", numByzantine: 1 })).rejects.toThrow(
      "TrimmedMean needs at least 3 updates (n >= 2f + 1, f = 1); it would get 2",
    );
  });

  test("values at the end of float32 are trimmed without a trace", async () => {
    const vectors = float32([3e38], [-3e38], [1], [2], [3]);
    expect([...(await aggregateOf(vectors, { rule: "TrimmedMean", numByzantine: 1 })).values]).toEqual([2]);
  });
});
