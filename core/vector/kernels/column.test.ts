import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnMedian, columnTrimmedMean } from "./column.ts";
import { type Block, newBlock, rowOf } from "./layout.ts";

/** A block with one coordinate. */
function columnOf(values: ArrayLike<number>): Block {
  const block = newBlock(values.length);
  for (let i = 0; i < values.length; i++) rowOf(block, i, 1)[0] = values[i] as number;
  return block;
}

function medianOf(values: ArrayLike<number>): number {
  const into = new Float32Array(1);
  columnMedian(columnOf(values), values.length, into);
  return into[0] as number;
}

function trimmedMeanOf(values: ArrayLike<number>, trim: number): number {
  const into = new Float32Array(1);
  columnTrimmedMean(columnOf(values), values.length, trim, into);
  return into[0] as number;
}

describe("order statistics of columns", () => {
  test("worked by hand: 0 and 100 are trimmed; 2, 3 and 7 average to 4", () => {
    expect(trimmedMeanOf([7, 100, 2, 0, 3], 1)).toBe(4);
  });

  test("the median of an odd and of an even number of values", () => {
    expect(medianOf([9, -1, 4])).toBe(4);
    expect(medianOf([9, -1, 4, 5])).toBe(4.5);
    expect(medianOf([7])).toBe(7);
  });

  test("only what is kept is summed: trimmed values of any size leave no trace", () => {
    expect(trimmedMeanOf([3e38, 1, 2, 3, -3e38], 1)).toBe(2);
    expect(trimmedMeanOf([3e38, 3e38, 2, -3e38, -3e38], 2)).toBe(2);
  });

  test("each coordinate has its own column, and rows are left as they are", () => {
    const block = newBlock(3);
    for (const [i, row] of [
      [3, 30],
      [1, 10],
      [2, 20],
    ].entries())
      rowOf(block, i).set(row);
    const before = block.slice();
    const into = new Float32Array(2);
    columnMedian(block, 3, into);
    expect([...into]).toEqual([2, 20]);
    expect(block.every((value, i) => value === before[i])).toBe(true);
  });

  test.each([5, 47, 48, 60])("the order of %i rows changes no bit", (n) => {
    const values = fc.float32Array({ minLength: n, maxLength: n, noNaN: true, noDefaultInfinity: true });
    const trim = n >> 2;
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), (row, keys) => {
        const order = [...row].map((value) => ({ value, key: keys.next().value as number }));
        const shuffled = order.sort((a, b) => a.key - b.key).map(({ value }) => value);
        expect(medianOf(shuffled)).toBe(medianOf(row));
        expect(trimmedMeanOf(shuffled, trim)).toBe(trimmedMeanOf(row, trim));
      }),
      { numRuns: 20 },
    );
  });

  test("0 and -0 are one value, in whatever order they come", () => {
    expect(medianOf([0, -0, -0])).toBe(0);
    expect(medianOf([-0, -0, 0])).toBe(0);
  });
});
