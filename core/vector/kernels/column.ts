import type { ColumnKernel } from "./kernels.ts";
import {
  type Column,
  meanAround,
  median,
  type Statistic,
  trimmedMean,
  weightedMedian,
  weightedTrimmedMean,
} from "./order-statistics.ts";

/** From here on the engine's own sort of a typed array is faster than insertion. */
const LONG_COLUMN = 48;

const NO_WEIGHTS = new Float64Array(0);

/**
 * Fills `into` coordinate by coordinate from the rows, none of which may hold NaN; results are rounded to float32 once.
 * With `outside`, adds to entry i the coordinates in which row i lies outside what the kernel kept.
 */
export function columns(
  rows: readonly Float32Array[],
  kernel: ColumnKernel,
  into: Float32Array,
  outside?: Float64Array,
): void {
  const statistic = statisticOf(kernel);
  const sort = sorterOf(kernel, rows.length);
  const column = new Float32Array(rows.length);
  for (let i = 0; i < into.length; i++) {
    // + 0 makes -0 into 0, which compare equal and would leave the order of the rows visible
    for (const [k, row] of rows.entries()) column[k] = (row[i] as number) + 0;
    const sorted = sort(column);
    const { value, first, last } = statistic(sorted);
    into[i] = value;
    if (outside !== undefined) {
      countOutside(column, sorted.values[first] as number, sorted.values[last] as number, outside);
    }
  }
}

function countOutside(column: Float32Array, least: number, largest: number, outside: Float64Array): void {
  for (const [k, value] of column.entries()) {
    if (value < least || value > largest) outside[k] = (outside[k] as number) + 1;
  }
}

function statisticOf(kernel: ColumnKernel): (column: Column) => Statistic {
  switch (kernel.kernel) {
    case "median":
      return median;
    case "trimmedMean":
      return (column) => trimmedMean(column, kernel.trim);
    case "meanAroundMedian":
      return (column) => meanAround(column, median(column).value, kernel.keep);
    case "meanAroundTrimmedMean":
      return (column) => meanAround(column, trimmedMean(column, kernel.trim).value, kernel.keep);
    case "weightedMedian":
      return weightedMedian;
    case "weightedTrimmedMean":
      return (column) => weightedTrimmedMean(column, kernel.trimWeight);
  }
}

/** Sorts into memory of its own, used again for each column. */
function sorterOf(kernel: ColumnKernel, numRows: number): (column: Float32Array) => Column {
  if ("weights" in kernel) return weightedSorter(kernel.weights.subarray(0, numRows));
  const values = new Float32Array(numRows);
  const sort = numRows < LONG_COLUMN ? insertionSort : nativeSort;
  return (column) => {
    values.set(column);
    sort(values);
    return { values, byRow: column, weights: NO_WEIGHTS };
  };
}

/** Equal values stand in the order of their weights: the order of the rows must not show in a sum of weights. */
function weightedSorter(weights: Float64Array): (column: Float32Array) => Column {
  const sorted = { values: new Float32Array(weights.length), weights: new Float64Array(weights.length) };
  const rows = [...weights.keys()].sort((a, b) => (weights[a] as number) - (weights[b] as number));
  return (column) => {
    // a difference of infinities is NaN, which a comparator takes for equal, as it should
    const order = rows.toSorted((a, b) => (column[a] as number) - (column[b] as number));
    for (const [place, row] of order.entries()) {
      sorted.values[place] = column[row] as number;
      sorted.weights[place] = weights[row] as number;
    }
    return { ...sorted, byRow: column };
  };
}

function insertionSort(values: Float32Array): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    let j = i - 1;
    for (; j >= 0 && (values[j] as number) > value; j--) values[j + 1] = values[j] as number;
    values[j + 1] = value;
  }
}

function nativeSort(values: Float32Array): void {
  values.sort();
}
