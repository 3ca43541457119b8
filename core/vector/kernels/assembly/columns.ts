import { storeRounded, widened } from "./lanes";
import { counts, MIXED_STRIDE, mixedAddress, rowAddress, rowStride, scratch, values } from "./panel";
import { gather, sort, WIDTH } from "./sort";

/** Bytes of a row of sorted values. */
const ROW: usize = WIDTH * sizeof<f32>();

export function columnsScratch(n: usize): u64 {
  return (<u64>n + 2) * ROW;
}

// What is taken of the sorted values; the same numbers as in ../wasm-panel.ts.
const MEDIAN: u32 = 0;
const TRIMMED_MEAN: u32 = 1;
const MEAN_AROUND_MEDIAN: u32 = 2;

/**
 * One value for each of the first `length` coordinates into `values`, from n rows of the block or n mixed rows. With
 * `counting`, adds to entry i of `counts` the coordinates in which row i lies outside what was kept; not for the median.
 */
export function columns(
  block: usize, mixed: bool, n: usize, length: usize, statistic: u32, trim: usize, keep: usize, counting: bool,
): void {
  const rows = mixed ? mixedAddress(0) : rowAddress(0, block);
  const stride = mixed ? MIXED_STRIDE : rowStride;
  const least = scratch + n * ROW;
  for (let group: usize = 0; group < length; group += WIDTH) {
    const start = rows + group * sizeof<f32>();
    gather(start, stride, n, scratch);
    sort<f32>(scratch);
    for (let k: usize = 0; k < WIDTH; k += 2) {
      const column = scratch + k * sizeof<f32>();
      const value = statisticOf(column, n, statistic, trim, keep, least + k * sizeof<f32>());
      storeRounded(values + (group + k) * sizeof<f32>(), value);
    }
    if (counting) countOutside(start, stride, n, least, length - group, counts);
  }
}

/** Of two columns, and the least and the largest value kept of each (one row of the scratch memory further on). */
@inline
function statisticOf(column: usize, n: usize, statistic: u32, trim: usize, keep: usize, least: usize): v128 {
  if (statistic === MEDIAN) return medianOf(column, n);
  if (statistic === TRIMMED_MEAN) {
    v128.store64_lane(least, v128.load64_zero(column + trim * ROW), 0);
    v128.store64_lane(least + ROW, v128.load64_zero(column + (n - trim - 1) * ROW), 0);
    return trimmedMeanOf(column, n, trim);
  }
  const centre = statistic === MEAN_AROUND_MEDIAN ? medianOf(column, n) : trimmedMeanOf(column, n, trim);
  return meanAround(column, n, centre, keep, least);
}

@inline
function medianOf(column: usize, n: usize): v128 {
  const sum = f64x2.add(widened(column + ((n - 1) >> 1) * ROW), widened(column + (n >> 1) * ROW));
  return f64x2.div(sum, f64x2.splat(2));
}

@inline
function trimmedMeanOf(column: usize, n: usize, trim: usize): v128 {
  let sum = f64x2.splat(0);
  for (let k = trim; k < n - trim; k++) sum = f64x2.add(sum, widened(column + k * ROW));
  return f64x2.div(sum, f64x2.splat(<f64>(n - 2 * trim)));
}

/** The window of `keep` values moves up while the next value is nearer the centre than its first. */
function meanAround(column: usize, n: usize, centre: v128, keep: usize, least: usize): v128 {
  let moving = i64x2.splat(-1);
  let moved = i64x2.splat(0);
  for (let k = keep; k < n; k++) {
    const next = f64x2.sub(widened(column + k * ROW), centre);
    const first = f64x2.sub(centre, widened(column + (k - keep) * ROW));
    moving = v128.and(moving, f64x2.lt(next, first));
    moved = i64x2.sub(moved, moving);
  }
  const a = column + <usize>i64x2.extract_lane(moved, 0) * ROW;
  const b = column + <usize>i64x2.extract_lane(moved, 1) * ROW + sizeof<f32>();
  let sum = f64x2.splat(0);
  for (let k: usize = 0; k < keep * ROW; k += ROW) {
    const two = v128.load32_lane(b + k, v128.load32_zero(a + k), 1);
    sum = f64x2.add(sum, f64x2.promote_low_f32x4(two));
  }
  const last = (keep - 1) * ROW;
  v128.store64_lane(least, v128.load32_lane(b, v128.load32_zero(a), 1), 0);
  v128.store64_lane(least + ROW, v128.load32_lane(b + last, v128.load32_zero(a + last), 1), 0);
  return f64x2.div(sum, f64x2.splat(<f64>keep));
}

/** In the first `length` coordinates of a group, where there are as many. */
export function countOutside(
  rows: usize, stride: usize, n: usize, least: usize, length: usize, outside: usize,
): void {
  for (let k = length; k < WIDTH; k++) {
    store<f32>(least + k * sizeof<f32>(), -Infinity);
    store<f32>(least + ROW + k * sizeof<f32>(), Infinity);
  }
  for (let i: usize = 0; i < n; i++) {
    let lanes = i32x4.splat(0);
    for (let k: usize = 0; k < ROW; k += 16) {
      const four = v128.load(rows + k);
      const below = f32x4.lt(four, v128.load(least + k));
      const above = f32x4.gt(four, v128.load(least + ROW + k));
      lanes = i32x4.sub(lanes, v128.or(below, above));
    }
    const low = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1);
    const high = i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
    store<u32>(outside, load<u32>(outside) + low + high);
    rows += stride;
    outside += sizeof<u32>();
  }
}
