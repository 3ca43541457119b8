import { countOutside } from "./columns";
import { counts, mixed, parameters, rowAt, rows, scratch, values } from "./panel";
import { sort, sortedRows, WIDTH } from "./sort";

// A value and the rank of its row's weight are sorted as one float64: a float32 leaves 29 bits of the mantissa free, and
// the rank goes there, inverted below 0, so that equal values stand in the order of their weights. An infinite value
// would turn into NaN and is held at 2^128 meanwhile, which float32 rounds to infinity again.

const FREE_BITS: u64 = (1 << 29) - 1;
const BEYOND: f64 = 340282366920938463463374607431768211456.0;
/** As in ../order-statistics.ts. */
const NEGLIGIBLE: f64 = 1e-12;

const KEY_ROW: usize = WIDTH * sizeof<f64>();
const BOUNDS_ROW: usize = WIDTH * sizeof<f32>();

export function weightedColumnsScratch(n: usize): u64 {
  return <u64>sortedRows(n) * KEY_ROW + 2 * BOUNDS_ROW + <u64>n * (sizeof<f64>() + sizeof<f32>());
}

/**
 * The weighted median or, trimming `trimWeight` from either end, the weighted trimmed mean. `parameters` has the weights
 * in ascending order (n float64) and behind them for each row the place of its own (n uint32). The rest as for `columns`.
 */
export function weightedColumns(
  ofMixed: bool, start: usize, n: usize, length: usize, trimmed: bool, trimWeight: f64, counting: bool,
): void {
  const addresses = ofMixed ? mixed : rows;
  const ranks = parameters + n * sizeof<f64>();
  const least = scratch + sortedRows(n) * KEY_ROW;
  const columnWeights = least + 2 * BOUNDS_ROW;
  const columnValues = columnWeights + n * sizeof<f64>();
  for (let group: usize = 0; group < length; group += WIDTH) {
    gatherKeys(addresses, start + group, n, ranks, scratch);
    sort<f64>(scratch, n);
    for (let k: usize = 0; k < WIDTH; k++) {
      const total = split(scratch + k * sizeof<f64>(), n, parameters, columnWeights, columnValues);
      const value = trimmed
        ? trimmedMean(columnWeights, columnValues, n, total, trimWeight, least + k * sizeof<f32>())
        : median(columnWeights, columnValues, total, least + k * sizeof<f32>());
      store<f32>(values + (group + k) * sizeof<f32>(), <f32>value);
    }
    if (counting) countOutside(addresses, start + group, n, least, length - group, counts);
  }
}

function gatherKeys(addresses: usize, start: usize, n: usize, ranks: usize, into: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const row = rowAt(addresses, i, start);
    const rank = <u64>load<u32>(ranks + i * sizeof<u32>());
    for (let k: usize = 0; k < WIDTH; k++) {
      const value = <f64>load<f32>(row + k * sizeof<f32>()) + 0;
      const bits = reinterpret<u64>(min(max(value, -BEYOND), BEYOND));
      store<u64>(into + k * sizeof<f64>(), bits | (value < 0 ? rank ^ FREE_BITS : rank));
    }
    into += KEY_ROW;
  }
}

/** Takes the keys of a column apart; returns the sum of its weights, in ascending order of the values. */
function split(keys: usize, n: usize, weights: usize, columnWeights: usize, columnValues: usize): f64 {
  let total: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const key = load<u64>(keys + i * KEY_ROW);
    const free = key & FREE_BITS;
    const rank = <i64>key < 0 ? free ^ FREE_BITS : free;
    const weight = load<f64>(weights + <usize>rank * sizeof<f64>());
    total += weight;
    store<f64>(columnWeights + i * sizeof<f64>(), weight);
    store<f32>(columnValues + i * sizeof<f32>(), <f32>reinterpret<f64>(key & ~FREE_BITS));
  }
  return total;
}

function median(weights: usize, values: usize, total: f64, least: usize): f64 {
  let sum: f64 = load<f64>(weights);
  let i: usize = 0;
  while (sum <= total / 2 - total * NEGLIGIBLE) sum += load<f64>(weights + ++i * sizeof<f64>());
  const lower = load<f32>(values + i * sizeof<f32>());
  while (sum <= total / 2 + total * NEGLIGIBLE) sum += load<f64>(weights + ++i * sizeof<f64>());
  const upper = load<f32>(values + i * sizeof<f32>());
  store<f32>(least, lower);
  store<f32>(least + BOUNDS_ROW, upper);
  return (<f64>lower + <f64>upper) / 2;
}

function trimmedMean(weights: usize, values: usize, n: usize, total: f64, trimWeight: f64, least: usize): f64 {
  let below: f64 = 0;
  let keptWeight: f64 = 0;
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const reached = below + load<f64>(weights + i * sizeof<f64>());
    const kept = min(reached, total - trimWeight) - max(below, trimWeight);
    below = reached;
    if (kept <= total * NEGLIGIBLE) continue;
    const value = load<f32>(values + i * sizeof<f32>());
    if (keptWeight === 0) store<f32>(least, value);
    store<f32>(least + BOUNDS_ROW, value);
    keptWeight += kept;
    sum += kept * <f64>value;
  }
  return sum / keptWeight;
}
