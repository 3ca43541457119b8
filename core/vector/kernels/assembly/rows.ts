import { innerProduct, squaredNorm as squaredNormAt } from "./blocks";
import { mixed, rowAt, rows, values } from "./panel";

// From coordinate `start` of the rows on.

/**
 * Whether none of `length` values of n rows is NaN or infinite; `length` is rounded up to whole vectors. Four rows are read
 * side by side: mostly this is what brings them from memory, which takes half the time then.
 */
export function isFinite(start: usize, length: usize, n: usize): bool {
  const infinity = i32x4.splat(0xff000000);
  const addresses = rows;
  for (let i: usize = 0; i < n; i += 4) {
    const row0 = rowAt(addresses, i, start);
    const row1 = rowAt(addresses, min(i + 1, n - 1), start);
    const row2 = rowAt(addresses, min(i + 2, n - 1), start);
    const row3 = rowAt(addresses, min(i + 3, n - 1), start);
    let greatest = i32x4.splat(0);
    for (let at: usize = 0; at < length * sizeof<f32>(); at += 16) {
      const first = i32x4.max_u(withoutSign(row0 + at), withoutSign(row1 + at));
      const second = i32x4.max_u(withoutSign(row2 + at), withoutSign(row3 + at));
      greatest = i32x4.max_u(greatest, i32x4.max_u(first, second));
    }
    if (v128.any_true(i32x4.ge_u(greatest, infinity))) return false;
  }
  return true;
}

/** The bits of four values without the sign, which have the order of what they stand for. */
@inline
function withoutSign(address: usize): v128 {
  return i32x4.shl(v128.load(address), 1);
}

/** Over one block. */
export function squaredNorm(start: usize, row: usize, exact: bool): f64 {
  return squaredNormAt(rowAt(rows, row, start), exact);
}

/** Over one block, with the vector in `values`, on the exact path. */
export function innerProductWithValues(start: usize, row: usize): f64 {
  return innerProduct(rowAt(rows, row, start), values);
}

/** Values below 0, or above, among `length` of a row or of a mixed one. */
export function countSigns(ofMixed: bool, start: usize, row: usize, length: usize, negative: bool): usize {
  const zero = f32x4.splat(0);
  let at = rowAt(ofMixed ? mixed : rows, row, start);
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
