import { describe, expect, test } from "vitest";
import { BLOCK_LENGTH } from "./layout.ts";
import { squaredNormOfSums, weightedSum } from "./weighted-sum.ts";

describe("weighted sums of rows", () => {
  test("worked by hand: a quarter of (4, 8) and twice (1, -1)", () => {
    const rows = [Float32Array.of(4, 8, 0), Float32Array.of(1, -1, 0)];
    const sums = new Float64Array(3).fill(99);
    weightedSum(rows, Float64Array.of(0.25, 2), sums);
    expect([...sums]).toEqual([3, 0, 0]);
  });

  test("rows are added in ascending order, in float64", () => {
    const rows = [2 ** 60, -(2 ** 60), 1].map((value) => Float32Array.of(value));
    const sums = new Float64Array(1);
    weightedSum(rows, Float64Array.of(1, 1, 1), sums);
    expect(sums[0]).toBe(1);
    weightedSum(rows, Float64Array.of(1, 2 ** -60, 1), sums);
    expect(sums[0]).toBe(2 ** 60 - 1 + 1);
  });

  test("a row of coefficient 0 is not read: what it holds cannot spoil the sum", () => {
    const rows = [Float32Array.of(Number.NaN), Float32Array.of(5)];
    const sums = new Float64Array(1);
    weightedSum(rows, Float64Array.of(0, 1), sums);
    expect(sums[0]).toBe(5);
  });

  test("the squared norm of a block of sums", () => {
    const sums = new Float64Array(BLOCK_LENGTH);
    sums.set([3, 4], 5000);
    sums[BLOCK_LENGTH - 1] = 12;
    expect(squaredNormOfSums(sums)).toBe(169);
  });
});
