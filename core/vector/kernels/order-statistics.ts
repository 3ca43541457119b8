/**
 * Statistics of one coordinate in float64, from its values in ascending order. Only what is kept is summed, and in that
 * order: a sum less its extremes would cancel, and the order of the rows would show in the bits.
 */
export interface Column {
  readonly values: Float32Array;
  /** The same row by row. */
  readonly byRow: Float32Array;
  /** Of the rows the values came from, at least one above 0; of equal values the smaller weight comes first. */
  readonly weights: Float64Array;
}

/** A statistic and the places of the smallest and the largest value that were kept for it. */
export interface Statistic {
  readonly value: number;
  readonly first: number;
  readonly last: number;
}

/** Weight below this part of the whole is rounding: it keeps no value and moves no border. */
const NEGLIGIBLE = 1e-12;

/** Of an even number of values, the mean of the two in the middle. */
export function median({ values }: Column): Statistic {
  return meanOfTwo(values, (values.length - 1) >> 1, values.length >> 1);
}

export function trimmedMean({ values }: Column, trim: number): Statistic {
  return meanOf(values, trim, values.length - trim);
}

/** Mean of the `keep` values nearest `centre`; of values equally near those of the lowest rows are kept. */
export function meanAround(column: Column, centre: number, keep: number): Statistic {
  const { values } = column;
  const numWindows = values.length - keep + 1;
  const ofFirst = (start: number) => centre - (values[start] as number);
  const ofNext = (start: number) => (values[start + keep] as number) - centre;
  let start = 0;
  while (start + 1 < numWindows && ofNext(start) < ofFirst(start)) start++;
  if (start + 1 < numWindows && ofNext(start) === ofFirst(start)) start += byLowestRows(column, start, keep);
  return meanOf(values, start, start + keep);
}

/** How far up the window moves when, of its smallest value and the next above it, the lowest rows are kept. */
function byLowestRows({ values, byRow }: Column, start: number, keep: number): number {
  const low = values[start] as number;
  const high = values[start + keep] as number;
  if (low === high) return 0;
  const equallyNear = (value: number) => value === low || value === high;
  const numHigh = (kept: Float32Array) => kept.filter((value) => value === high).length;
  const kept = values.subarray(start, start + keep).filter(equallyNear);
  return numHigh(byRow.filter(equallyNear).subarray(0, kept.length)) - numHigh(kept);
}

/** Mean of the first value that half of the weight reaches and the first that it does not exceed: mostly the same. */
export function weightedMedian({ values, weights }: Column): Statistic {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const first = firstAbove(weights, total / 2 - total * NEGLIGIBLE);
  return meanOfTwo(values, first, firstAbove(weights, total / 2 + total * NEGLIGIBLE));
}

function meanOfTwo(values: Float32Array, first: number, last: number): Statistic {
  return { value: ((values[first] as number) + (values[last] as number)) / 2, first, last };
}

/** Weighted mean of what lies between `trimWeight` from below and `trimWeight` from above, which is less than half. */
export function weightedTrimmedMean({ values, weights }: Column, trimWeight: number): Statistic {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  let keptWeight = 0;
  let sum = 0;
  let first = -1;
  let last = -1;
  for (const [i, value] of values.entries()) {
    const reached = below + (weights[i] as number);
    const kept = Math.min(reached, total - trimWeight) - Math.max(below, trimWeight);
    below = reached;
    if (kept <= total * NEGLIGIBLE) continue;
    keptWeight += kept;
    sum += kept * value;
    if (first < 0) first = i;
    last = i;
  }
  return { value: sum / keptWeight, first, last };
}

function meanOf(values: Float32Array, start: number, end: number): Statistic {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] as number;
  return { value: sum / (end - start), first: start, last: end - 1 };
}

/** The first place at which the weights up to it sum to more than `bound`. */
function firstAbove(weights: Float64Array, bound: number): number {
  let sum = 0;
  return weights.findIndex((weight) => {
    sum += weight;
    return sum > bound;
  });
}
