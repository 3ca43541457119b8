import { network } from "./panel";

// Sixteen coordinates are sorted at once: value k of each of them lies in row k of the scratch memory.

/** Coordinates sorted at once: a cache line of every row. */
export const WIDTH: usize = 16;

/** -0 becomes 0, which compare equal and would leave the order of the rows visible. */
export function gather(rows: usize, stride: usize, n: usize, into: usize): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i++) {
    for (let k: usize = 0; k < WIDTH * sizeof<f32>(); k += 16) {
      v128.store(into + k, f32x4.add(v128.load(rows + k), zero));
    }
    rows += stride;
    into += WIDTH * sizeof<f32>();
  }
}

/** The lesser value of a comparator goes to its first place. */
@inline
export function sort<T>(values: usize): void {
  const end = network + (1 + 2 * load<u32>(network)) * sizeof<u32>();
  for (let at = network + sizeof<u32>(); at < end; at += 2 * sizeof<u32>()) {
    const a = values + <usize>load<u32>(at) * WIDTH * sizeof<T>();
    const b = values + <usize>load<u32>(at, sizeof<u32>()) * WIDTH * sizeof<T>();
    for (let k: usize = 0; k < WIDTH * sizeof<T>(); k += 64) order<T>(a + k, b + k);
  }
}

@inline
function order<T>(a: usize, b: usize): void {
  const a0 = v128.load(a, 0);
  const a1 = v128.load(a, 16);
  const a2 = v128.load(a, 32);
  const a3 = v128.load(a, 48);
  const b0 = v128.load(b, 0);
  const b1 = v128.load(b, 16);
  const b2 = v128.load(b, 32);
  const b3 = v128.load(b, 48);
  v128.store(a, v128.pmin<T>(a0, b0), 0);
  v128.store(a, v128.pmin<T>(a1, b1), 16);
  v128.store(a, v128.pmin<T>(a2, b2), 32);
  v128.store(a, v128.pmin<T>(a3, b3), 48);
  v128.store(b, v128.pmax<T>(a0, b0), 0);
  v128.store(b, v128.pmax<T>(a1, b1), 16);
  v128.store(b, v128.pmax<T>(a2, b2), 32);
  v128.store(b, v128.pmax<T>(a3, b3), 48);
}
