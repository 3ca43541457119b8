import { innerProduct } from "./blocks";
import { BLOCK_LENGTH } from "./layout";
import { rowAddress, values } from "./panel";

// One row of one block.

/** Whether no value is NaN or infinite. */
export function isFinite(block: usize, row: usize): bool {
  const infinity = f32x4.splat(Infinity);
  const start = rowAddress(row, block);
  for (let at = start; at < start + BLOCK_LENGTH * sizeof<f32>(); at += 16) {
    if (!v128.all_true<i32>(f32x4.lt(f32x4.abs(v128.load(at)), infinity))) return false;
  }
  return true;
}

/** On the exact path, as all products here. */
export function squaredNorm(block: usize, row: usize): f64 {
  const at = rowAddress(row, block);
  return innerProduct(at, at, true);
}

/** With the vector in `values`. */
export function innerProductWithValues(block: usize, row: usize): f64 {
  return innerProduct(rowAddress(row, block), values, true);
}

/** Values below 0, or above, among the first `length`. */
export function countSigns(block: usize, row: usize, length: usize, negative: bool): usize {
  const zero = f32x4.splat(0);
  let at = rowAddress(row, block);
  const end = at + length * sizeof<f32>();
  let lanes = i32x4.splat(0);
  for (; at + 16 <= end; at += 16) {
    const four = v128.load(at);
    lanes = i32x4.sub(lanes, negative ? f32x4.lt(four, zero) : f32x4.gt(four, zero));
  }
  let count = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1);
  count += i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
  for (; at < end; at += sizeof<f32>()) {
    const value = load<f32>(at);
    count += i32(negative ? value < 0 : value > 0);
  }
  return count;
}
