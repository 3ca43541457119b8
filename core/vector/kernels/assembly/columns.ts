import { storeRounded, widened } from "./lanes";
import { counts, mixed, rowAt, rows, scratch, values } from "./panel";
import { sort, sortedRows, WIDTH } from "./sort";

/** Bytes of a row of sorted values. */
const ROW: usize = WIDTH * sizeof<f32>();

/** Sorted rows, what was kept at least and at most of each column, and the statistic of each in float64. */
export function columnsScratch(n: usize): u64 {
  return (<u64>sortedRows(n) + 2) * ROW + WIDTH * sizeof<f64>();
}

// What is taken of the sorted values; the same numbers as in ../wasm-panel.ts.
const MEDIAN: u32 = 0;
const TRIMMED_MEAN: u32 = 1;
const MEAN_AROUND_MEDIAN: u32 = 2;
const MEAN_AROUND_TRIMMED_MEAN: u32 = 3;

/**
 * One value for each of `length` coordinates from `start` on into `values`, from n rows or n mixed rows. With `counting`,
 * adds to entry i of `counts` the coordinates in which row i lies outside what was kept.
 */
export function columns(
  ofMixed: bool, start: usize, n: usize, length: usize, statistic: u32, trim: usize, keep: usize, counting: bool,
): void {
  const addresses = ofMixed ? mixed : rows;
  const least = scratch + sortedRows(n) * ROW;
  const results = least + 2 * ROW;
  for (let group: usize = 0; group < length; group += WIDTH) {
    gather(addresses, start + group, n, scratch);
    sort<f32>(scratch, n);
    if (statistic === MEDIAN || statistic === MEAN_AROUND_MEDIAN) medians(scratch, n, least, results);
    else trimmedMeans(scratch, n, trim, least, results);
    if (statistic === MEAN_AROUND_MEDIAN || statistic === MEAN_AROUND_TRIMMED_MEAN) {
      for (let k: usize = 0; k < WIDTH; k += 2) {
        const at = k * sizeof<f32>();
        meansAround(scratch + at, addresses, start + group + k, n, keep, least + at, results + k * sizeof<f64>());
      }
    }
    for (let k: usize = 0; k < WIDTH; k += 2) {
      storeRounded(values + (group + k) * sizeof<f32>(), v128.load(results + k * sizeof<f64>()));
    }
    if (counting) countOutside(addresses, start + group, n, least, length - group, counts);
  }
}

/** -0 becomes 0, which compare equal and would leave the order of the rows visible. */
function gather(addresses: usize, start: usize, n: usize, into: usize): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i++) {
    const row = rowAt(addresses, i, start);
    for (let k: usize = 0; k < ROW; k += 16) v128.store(into + k, f32x4.add(v128.load(row + k), zero));
    into += ROW;
  }
}

function medians(sorted: usize, n: usize, least: usize, results: usize): void {
  const lower = sorted + ((n - 1) >> 1) * ROW;
  const upper = sorted + (n >> 1) * ROW;
  for (let k: usize = 0; k < ROW; k += 16) {
    v128.store(least + k, v128.load(lower + k));
    v128.store(least + ROW + k, v128.load(upper + k));
  }
  for (let k: usize = 0; k < WIDTH; k += 2) {
    const sum = f64x2.add(widened(lower + k * sizeof<f32>()), widened(upper + k * sizeof<f32>()));
    v128.store(results + k * sizeof<f64>(), f64x2.div(sum, f64x2.splat(2)));
  }
}

function trimmedMeans(sorted: usize, n: usize, trim: usize, least: usize, results: usize): void {
  const first = sorted + trim * ROW;
  const last = sorted + (n - trim - 1) * ROW;
  memory.copy(least, first, ROW);
  memory.copy(least + ROW, last, ROW);
  const kept = f64x2.splat(<f64>(n - 2 * trim));
  for (let k: usize = 0; k < ROW; k += 32) {
    // four sums beside one another: each waits for its last addition
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (let at = first + k; at <= last + k; at += ROW) {
      s0 = f64x2.add(s0, widened(at));
      s1 = f64x2.add(s1, widened(at + 8));
      s2 = f64x2.add(s2, widened(at + 16));
      s3 = f64x2.add(s3, widened(at + 24));
    }
    const into = results + 2 * k;
    v128.store(into, f64x2.div(s0, kept));
    v128.store(into, f64x2.div(s1, kept), 16);
    v128.store(into, f64x2.div(s2, kept), 32);
    v128.store(into, f64x2.div(s3, kept), 48);
  }
}

/**
 * Of two columns, whose results so far are the centres: the window of `keep` values moves up while the next value is
 * nearer the centre than its first.
 */
function meansAround(
  column: usize, addresses: usize, start: usize, n: usize, keep: usize, least: usize, results: usize,
): void {
  const centre = v128.load(results);
  let moving = i64x2.splat(-1);
  let moved = i64x2.splat(0);
  for (let k = keep; k < n; k++) {
    const next = f64x2.sub(widened(column + k * ROW), centre);
    const first = f64x2.sub(centre, widened(column + (k - keep) * ROW));
    moving = v128.and(moving, f64x2.lt(next, first));
    moved = i64x2.sub(moved, moving);
  }
  const a = firstKept(
    column, addresses, start, n, keep, <usize>i64x2.extract_lane(moved, 0), f64x2.extract_lane(centre, 0),
  );
  const b = firstKept(
    column + sizeof<f32>(), addresses, start + 1, n, keep,
    <usize>i64x2.extract_lane(moved, 1), f64x2.extract_lane(centre, 1),
  );
  let sum = f64x2.splat(0);
  for (let k: usize = 0; k < keep * ROW; k += ROW) sum = f64x2.add(sum, f64x2.promote_low_f32x4(both(a + k, b + k)));
  const last = (keep - 1) * ROW;
  v128.store64_lane(least, both(a, b), 0);
  v128.store64_lane(least + ROW, both(a + last, b + last), 0);
  v128.store(results, f64x2.div(sum, f64x2.splat(<f64>keep)));
}

/**
 * Where the window of one column begins, at place `place` or near it: of its smallest value and the next one above it,
 * where they are equally near the centre, those of the lowest rows are kept.
 */
function firstKept(
  column: usize, addresses: usize, start: usize, n: usize, keep: usize, place: usize, centre: f64,
): usize {
  let first = column + place * ROW;
  if (place + keep === n) return first;
  const low = load<f32>(first);
  const high = load<f32>(first + keep * ROW);
  if (<f64>high - centre !== centre - <f64>low || low === high) return first;
  let places: usize = 0;
  for (let at = first, end = first + keep * ROW; at < end; at += ROW) {
    const value = load<f32>(at);
    if (value === high) first -= ROW;
    if (value === low || value === high) places++;
  }
  for (let row: usize = 0; places > 0; row++) {
    const value = load<f32>(rowAt(addresses, row, start));
    if (value === high) first += ROW;
    if (value === low || value === high) places--;
  }
  return first;
}

/** The float32 values at two addresses. */
@inline
function both(a: usize, b: usize): v128 {
  return v128.load32_lane(b, v128.load32_zero(a), 1);
}

/** In the first `length` coordinates of a group, where there are as many. */
export function countOutside(
  addresses: usize, start: usize, n: usize, least: usize, length: usize, outside: usize,
): void {
  for (let k = length; k < WIDTH; k++) {
    store<f32>(least + k * sizeof<f32>(), -Infinity);
    store<f32>(least + ROW + k * sizeof<f32>(), Infinity);
  }
  for (let i: usize = 0; i < n; i++) {
    const row = rowAt(addresses, i, start);
    let lanes = i32x4.splat(0);
    for (let k: usize = 0; k < ROW; k += 16) {
      const four = v128.load(row + k);
      const below = f32x4.lt(four, v128.load(least + k));
      const above = f32x4.gt(four, v128.load(least + ROW + k));
      lanes = i32x4.sub(lanes, v128.or(below, above));
    }
    const low = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1);
    const high = i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
    store<u32>(outside, load<u32>(outside) + low + high);
    outside += sizeof<u32>();
  }
}
