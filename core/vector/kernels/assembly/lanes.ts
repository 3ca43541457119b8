/** The lanes of a fast sum, widened and added in their order. */
@inline
export function foldFast(lanes: v128): f64 {
  const first = <f64>f32x4.extract_lane(lanes, 0) + <f64>f32x4.extract_lane(lanes, 1);
  return first + <f64>f32x4.extract_lane(lanes, 2) + <f64>f32x4.extract_lane(lanes, 3);
}

/** The four lanes of an exact sum, two and two. */
@inline
export function foldExact(low: v128, high: v128): f64 {
  const first = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  return first + f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1);
}

/** Two float32 values from `address` on, widened. */
@inline
export function widened(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/** Two float64 values, rounded and stored as float32. */
@inline
export function storeRounded(address: usize, values: v128): void {
  v128.store64_lane(address, f32x4.demote_f64x2_zero(values), 0);
}
