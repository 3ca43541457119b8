import { describe, expect, test } from "vitest";
import { aggregateOf, float32, normalVectors } from "../testing.ts";

describe("Phocas", () => {
  test("worked by hand: 0, 1, 2, 9 and 90 have the trimmed mean 4; the four nearest are 1, 2, 0 and 9", async () => {
    const { values } = await aggregateOf(float32([90], [2], [0], [9], [1]), { rule: "Phocas", numByzantine: 1 });
    expect([...values]).toEqual([3]);
  });

  test("the trimmed mean is not the median: -4 lies nearer 0 than 5 does, but farther from 5/3", async () => {
    const vectors = float32([5], [0], [-4], [0], [5]);
    expect([...(await aggregateOf(vectors, { rule: "MeaMed", numByzantine: 1 })).values]).toEqual([0.25]);
    expect([...(await aggregateOf(vectors, { rule: "Phocas", numByzantine: 1 })).values]).toEqual([2.5]);
  });

  test("f values at either end do not move the centre: with 100 in it, 5 would be nearer than -3", async () => {
    const { values } = await aggregateOf(float32([-3], [100], [0], [5], [-2]), { rule: "Phocas", numByzantine: 2 });
    expect([...values]).toEqual([Math.fround(-5 / 3)]);
  });

  test("f = 0 gives the mean", async () => {
    const vectors = normalVectors(6, 20, 1);
    expect((await aggregateOf(vectors, { rule: "Phocas" })).values).toEqual(
      (await aggregateOf(vectors, { rule: "TrimmedMean" })).values,
    );
  });

  test("the order of the updates changes no bit", async () => {
    const vectors = normalVectors(9, 40, 2);
    const setup = { rule: "Phocas", numByzantine: 3 };
    const turned = [...vectors.slice(5), ...vectors.slice(0, 5)];
    expect((await aggregateOf(turned, setup)).values).toEqual((await aggregateOf(vectors, setup)).values);
  });

  test("half of the updates being attackers is refused", async () => {
    await expect(aggregateOf(float32([1], [2]), { rule: "Phocas", numByzantine: 1 })).rejects.toThrow(
      "Phocas needs at least 3 updates (n >= 2f + 1, f = 1); it would get 2",
    );
  });
});
