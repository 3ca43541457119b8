import { BLOCK_LENGTH, type Block } from "./layout.ts";

/** From here on the engine's own sort of a typed array is faster than insertion. */
const LONG_COLUMN = 48;

/** What is taken of the sorted values of one coordinate, in float64. */
type OfColumn = (sorted: Float32Array) => number;

/** Median of each coordinate over the first `numRows` rows; of an even number, the mean of the two in the middle. */
export function columnMedian(block: Block, numRows: number, into: Float32Array): void {
  const upper = numRows >> 1;
  const lower = (numRows - 1) >> 1;
  overColumns(block, numRows, into, (sorted) => ((sorted[lower] as number) + (sorted[upper] as number)) / 2);
}

/**
 * Mean of each coordinate without its `trim` smallest and `trim` largest values. Only what is kept is summed, in
 * ascending order, in float64: a sum less its extremes would cancel, and an order of rows would show in the bits.
 */
export function columnTrimmedMean(block: Block, numRows: number, trim: number, into: Float32Array): void {
  const end = numRows - trim;
  const kept = end - trim;
  overColumns(block, numRows, into, (sorted) => {
    let sum = 0;
    for (let i = trim; i < end; i++) sum += sorted[i] as number;
    return sum / kept;
  });
}

/** Fills `into` coordinate by coordinate; results are rounded to float32 once. */
function overColumns(block: Block, numRows: number, into: Float32Array, take: OfColumn): void {
  const column = new Float32Array(numRows);
  const sort = numRows < LONG_COLUMN ? insertionSort : nativeSort;
  for (let i = 0; i < into.length; i++) {
    // + 0 makes -0 into 0, which compare equal and would leave the order of the rows visible
    for (let row = 0; row < numRows; row++) column[row] = (block[row * BLOCK_LENGTH + i] as number) + 0;
    sort(column);
    into[i] = take(column);
  }
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
