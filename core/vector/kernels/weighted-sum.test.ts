import { describe, expect, test } from "vitest";
import { BLOCK_LENGTH, newBlock, rowOf } from "./layout.ts";
import { squaredNormOfSums, weightedSum } from "./weighted-sum.ts";

describe("weighted sums of rows", () => {
  test("worked by hand: a quarter of (4, 8) and twice (1, -1)", () => {
    const block = newBlock(2);
    rowOf(block, 0).set([4, 8]);
    rowOf(block, 1).set([1, -1]);
    const sums = new Float64Array(3).fill(99);
    weightedSum(block, Float64Array.of(0.25, 2), sums);
    expect([...sums]).toEqual([3, 0, 0]);
  });

  test("rows are added in ascending order, in float64", () => {
    const block = newBlock(3);
    for (const [i, value] of [2 ** 60, -(2 ** 60), 1].entries()) rowOf(block, i).set([value]);
    const sums = new Float64Array(1);
    weightedSum(block, Float64Array.of(1, 1, 1), sums);
    expect(sums[0]).toBe(1);
    weightedSum(block, Float64Array.of(1, 2 ** -60, 1), sums);
    expect(sums[0]).toBe(2 ** 60 - 1 + 1);
  });

  test("a row of coefficient 0 is not read: what it holds cannot spoil the sum", () => {
    const block = newBlock(2);
    rowOf(block, 0).set([Number.NaN]);
    rowOf(block, 1).set([5]);
    const sums = new Float64Array(1);
    weightedSum(block, Float64Array.of(0, 1), sums);
    expect(sums[0]).toBe(5);
  });

  test("the squared norm of a block of sums", () => {
    const sums = new Float64Array(BLOCK_LENGTH);
    sums.set([3, 4], 5000);
    sums[BLOCK_LENGTH - 1] = 12;
    expect(squaredNormOfSums(sums)).toBe(169);
  });
});
