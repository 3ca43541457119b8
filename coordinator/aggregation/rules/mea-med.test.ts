import { describe, expect, test } from "vitest";
import { aggregateOf, float32, normalVectors } from "../testing.ts";

describe("MeaMed", () => {
  test("worked by hand: of 0, 1, 3, 4 and 90 the four nearest 3", async () => {
    const { values } = await aggregateOf(float32([90], [3], [0], [4], [1]), { rule: "MeaMed", numByzantine: 1 });
    expect([...values]).toEqual([2]);
  });

  test("every coordinate drops its own; of two equally near that of the lowest client id is kept", async () => {
    const { values } = await aggregateOf(float32([1, 0], [4, 100], [7, 1]), { rule: "MeaMed", numByzantine: 1 });
    expect([...values]).toEqual([2.5, 0.5]);
    const turned = await aggregateOf(float32([7], [4], [1]), { rule: "MeaMed", numByzantine: 1 });
    expect([...turned.values]).toEqual([5.5]);
  });

  test("f = 0 gives the mean", async () => {
    const vectors = normalVectors(6, 20, 1);
    expect((await aggregateOf(vectors, { rule: "MeaMed" })).values).toEqual(
      (await aggregateOf(vectors, { rule: "TrimmedMean" })).values,
    );
  });

  test("the order of the updates changes no bit", async () => {
    const vectors = normalVectors(9, 40, 2);
    const setup = { rule: "MeaMed", numByzantine: 3 };
    const turned = [...vectors.slice(5), ...vectors.slice(0, 5)];
    expect((await aggregateOf(turned, setup)).values).toEqual((await aggregateOf(vectors, setup)).values);
  });

  test("half of the updates being attackers is refused", async () => {
    await expect(aggregateOf(float32([1], [2]), { rule: "MeaMed", numByzantine: 1 })).rejects.toThrow(
      "MeaMed needs at least 3 updates (n >= 2f + 1, f = 1); it would get 2",
    );
  });
});
