import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columns } from "./column.ts";
import type { ColumnKernel } from "./kernels.ts";

/** What the kernel takes of one coordinate whose values are these, row by row. */
function taken(values: ArrayLike<number>, kernel: ColumnKernel, outside?: Float64Array): number {
  const rows = Array.from(values, (value) => Float32Array.of(value));
  const into = new Float32Array(1);
  columns(rows, kernel, into, outside);
  return into[0] as number;
}

function outsideOf(values: ArrayLike<number>, kernel: ColumnKernel): number[] {
  const outside = new Float64Array(values.length);
  taken(values, kernel, outside);
  return [...outside];
}

const MEDIAN: ColumnKernel = { kernel: "median" };
const trimmedMean = (trim: number): ColumnKernel => ({ kernel: "trimmedMean", trim });
const meanAroundMedian = (keep: number): ColumnKernel => ({ kernel: "meanAroundMedian", keep });
const weightedMedian = (...weights: number[]): ColumnKernel => ({
  kernel: "weightedMedian",
  weights: Float64Array.from(weights),
});
const weightedTrimmedMean = (trimWeight: number, ...weights: number[]): ColumnKernel => ({
  kernel: "weightedTrimmedMean",
  trimWeight,
  weights: Float64Array.from(weights),
});

describe("median and trimmed mean of a coordinate", () => {
  test("worked by hand: 0 and 100 are trimmed; 2, 3 and 7 average to 4", () => {
    expect(taken([7, 100, 2, 0, 3], trimmedMean(1))).toBe(4);
  });

  test("the median of an odd and of an even number of values", () => {
    expect(taken([9, -1, 4], MEDIAN)).toBe(4);
    expect(taken([9, -1, 4, 5], MEDIAN)).toBe(4.5);
    expect(taken([7], MEDIAN)).toBe(7);
  });

  test("only what is kept is summed: trimmed values of any size leave no trace", () => {
    expect(taken([3e38, 1, 2, 3, -3e38], trimmedMean(1))).toBe(2);
    expect(taken([3e38, 3e38, 2, -3e38, -3e38], trimmedMean(2))).toBe(2);
  });

  test("each coordinate has its own column, and rows are left as they are", () => {
    const rows = [Float32Array.of(3, 30), Float32Array.of(1, 10), Float32Array.of(2, 20)];
    const into = new Float32Array(2);
    columns(rows, MEDIAN, into);
    expect([...into]).toEqual([2, 20]);
    expect(rows.map((row) => [...row])).toEqual([
      [3, 30],
      [1, 10],
      [2, 20],
    ]);
  });

  test("0 and -0 are one value, in whatever order they come", () => {
    expect(taken([0, -0, -0], MEDIAN)).toBe(0);
    expect(taken([-0, -0, 0], MEDIAN)).toBe(0);
  });
});

describe("mean of the values around a centre", () => {
  test("worked by hand: of 0, 1, 2, 3 and 100 the three nearest the median are 1, 2 and 3", () => {
    expect(taken([100, 3, 0, 2, 1], meanAroundMedian(3))).toBe(2);
  });

  test("of values equally near, those of the lowest rows are kept", () => {
    expect(taken([3, 1, 2], meanAroundMedian(2))).toBe(2.5);
    expect(taken([1, 3, 2], meanAroundMedian(2))).toBe(1.5);
    expect(taken([3, 1], meanAroundMedian(1))).toBe(3);
    // 1, 1, 3 and 3 for two places beside the median 2: rows 0 and 3, of which one is above it
    expect(taken([3, 2, 2, 1, 1, 3], meanAroundMedian(4))).toBe(2);
  });

  test("the centre is not rounded to float32 first", () => {
    // the median is 1 + 2^-24: 1 + 2^-23 and 1 are equally near it, but 1 is nearer the rounded one
    const next = 1 + 2 ** -23;
    expect(taken([next, next + 1, 1, -5], meanAroundMedian(1))).toBe(next);
    expect(taken([next, next, 1], { kernel: "meanAroundTrimmedMean", trim: 0, keep: 1 })).toBe(next);
  });

  test("worked by hand: around the trimmed mean 13/3 of 0, 0, 6, 7 and 50 lie 6 and 7", () => {
    expect(taken([50, 0, 7, 6, 0], { kernel: "meanAroundTrimmedMean", trim: 1, keep: 2 })).toBe(6.5);
  });

  test("with all of them kept it is the mean", () => {
    expect(taken([4, 1, 7], meanAroundMedian(3))).toBe(4);
  });
});

describe("weighted median", () => {
  test("worked by hand: of weights 1, 1 and 3 the last reaches half", () => {
    expect(taken([1, 2, 10], weightedMedian(1, 1, 3))).toBe(10);
  });

  test("where the border falls between two values, their mean; weights of 0 are nobody's", () => {
    expect(taken([9, 1, 5], weightedMedian(1, 2, 1))).toBe(3);
    expect(taken([1, 4, 5], weightedMedian(2, 0, 2))).toBe(3);
  });

  test("a border missed by rounding is a border: ten tenths are not one", () => {
    const values = [1, 2, 3, 4, 5, 6];
    expect(taken(values, weightedMedian(0.1, 0.1, 0.1, 0.1, 0.1, 0.1))).toBe(3.5);
  });
});

describe("weighted trimmed mean", () => {
  test("worked by hand: half a weight off either end of 0, 2, 2 and 10 leaves (0 / 2 + 4 + 10 / 2) / 3", () => {
    expect(taken([10, 0, 2], weightedTrimmedMean(0.5, 1, 1, 2))).toBe(3);
    expect(taken([10, 0, 2], weightedTrimmedMean(1.5, 1, 1, 2))).toBe(2);
  });

  test("what rounding leaves of a trimmed weight is trimmed, too", () => {
    const values = [-3e38, -3e38, -3e38, 1, 3e38, 3e38, 3e38];
    const tenths = values.map(() => 0.1);
    expect(taken(values, weightedTrimmedMean(0.3, ...tenths))).toBe(1);
    expect(outsideOf(values, weightedTrimmedMean(0.3, ...tenths))).toEqual([1, 1, 1, 0, 1, 1, 1]);
  });
});

describe("what lies outside", () => {
  test("below the smallest or above the largest value kept, which for a median are those in the middle", () => {
    const values = [7, 100, 2, 0, 3];
    expect(outsideOf(values, trimmedMean(1))).toEqual([0, 1, 0, 1, 0]);
    expect(outsideOf(values, meanAroundMedian(2))).toEqual([1, 1, 0, 1, 0]);
    expect(outsideOf(values, { kernel: "meanAroundTrimmedMean", trim: 1, keep: 2 })).toEqual([1, 1, 0, 1, 0]);
    expect(outsideOf(values, weightedTrimmedMean(1.5, 1, 1, 1, 1, 1))).toEqual([0, 1, 0, 1, 0]);
    expect(outsideOf(values, MEDIAN)).toEqual([1, 1, 1, 1, 0]);
    expect(outsideOf(values.slice(0, 4), MEDIAN)).toEqual([0, 1, 0, 1]);
    expect(outsideOf(values, weightedMedian(1, 1, 1, 1, 1))).toEqual([1, 1, 1, 1, 0]);
    expect(outsideOf(values, weightedMedian(4, 1, 1, 1, 3))).toEqual([0, 1, 1, 1, 0]);
  });

  test("a value equal to one that was kept is not outside", () => {
    expect(outsideOf([5, 5, 5, 5], trimmedMean(1))).toEqual([0, 0, 0, 0]);
  });

  test("counts are added to what is there, coordinate by coordinate", () => {
    const rows = [Float32Array.of(1, 1), Float32Array.of(2, 5), Float32Array.of(3, 9)];
    const outside = Float64Array.of(10, 0, 0);
    columns(rows, trimmedMean(1), new Float32Array(2), outside);
    expect([...outside]).toEqual([12, 0, 2]);
  });
});

describe("as properties", () => {
  const values = (length: number) =>
    fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true });
  const column = fc.integer({ min: 1, max: 60 }).chain(values);
  /** Small numbers, so that values tie, with small whole weights. */
  const tied = fc.array(fc.record({ value: fc.integer({ min: -3, max: 3 }), weight: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 12,
  });

  test.each([5, 47, 48, 60])("the order of %i rows changes no bit", (n) => {
    const weights = Array.from({ length: n }, (_, i) => 1 + (i % 3) / 7);
    const kernels = (order: readonly number[]): ColumnKernel[] => {
      const ofRows = order.map((i) => weights[i] as number);
      return [MEDIAN, trimmedMean(n >> 2), weightedMedian(...ofRows), weightedTrimmedMean(n / 5, ...ofRows)];
    };
    const inOrder = [...weights.keys()];
    const shuffled = fc.shuffledSubarray(inOrder, { minLength: n });
    fc.assert(
      fc.property(
        fc.oneof(
          values(n),
          values(n).map((row) => row.map(Math.sign)),
        ),
        shuffled,
        (row, order) => {
          const reordered = order.map((i) => row[i] as number);
          const expected = kernels(inOrder).map((kernel) => taken(row, kernel));
          expect(kernels(order).map((kernel) => taken(reordered, kernel))).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("weights of 1 change nothing", () => {
    fc.assert(
      fc.property(column, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (row, part) => {
        const ones = [...row].map(() => 1);
        const trim = Math.floor((part * (row.length + 1)) / 2 - 1e-9);
        expect(taken(row, weightedMedian(...ones))).toBe(taken(row, MEDIAN));
        if (2 * trim < row.length) {
          expect(taken(row, weightedTrimmedMean(trim, ...ones))).toBe(taken(row, trimmedMean(Math.max(0, trim))));
        }
      }),
    );
  });

  test("a whole weight w is w equal rows", () => {
    fc.assert(
      fc.property(tied, (rows) => {
        const weights = rows.map(({ weight }) => weight);
        const each = rows.map(({ value }) => value);
        const repeated = rows.flatMap(({ value, weight }) => Array.from({ length: weight }, () => value));
        expect(taken(each, weightedMedian(...weights))).toBe(taken(repeated, MEDIAN));
        const trim = (repeated.length - 1) >> 1;
        const expected = taken(repeated, trimmedMean(trim));
        expect(taken(each, weightedTrimmedMean(trim, ...weights))).toBeCloseTo(expected, 6);
      }),
    );
  });

  test("the window is that of the nearest values, of equally near ones those of the lowest rows", () => {
    fc.assert(
      // whole numbers, whose distances are exact
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), fc.nat(), (row, draw) => {
        const keep = 1 + (draw % row.length);
        const sorted = row.toSorted((a, b) => a - b);
        const centre = ((sorted[(row.length - 1) >> 1] as number) + (sorted[row.length >> 1] as number)) / 2;
        const byDistance = row
          .map((value) => ({ value, distance: Math.abs(value - centre) }))
          .sort((a, b) => a.distance - b.distance);
        const kept = byDistance
          .slice(0, keep)
          .map(({ value }) => value)
          .sort((a, b) => a - b);
        const mean = kept.reduce((sum, value) => sum + value, 0) / keep;
        expect(taken(row, meanAroundMedian(keep))).toBe(Math.fround(mean));
      }),
    );
  });
});
