import { foldExact, foldFast, widened } from "./lanes";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout";
import { Product } from "./summed";

// Two rows over one block, in the lanes and tiles of the pairs. Tiles are summed side by side: the lanes of one alone
// would wait for themselves. Nothing is written.

const TILE: usize = TILE_LENGTH * sizeof<f32>();

/** The sum over `b` and `c` of the last `twoBlocks`: a function has one result. */
export let second: f64 = 0;

/**
 * The sum over `a` and `c`, of the blocks that begin at these addresses, and that over `b` and `c` into `second`. Two rows
 * that come from memory take three quarters of the time of one after the other.
 */
@inline
export function twoBlocks<Summed>(a: usize, b: usize, c: usize, exact: bool): f64 {
  if (!exact) return twoFastBlocks<Summed>(a, b, c);
  second = exactBlock<Summed>(b, c);
  return exactBlock<Summed>(a, c);
}

export function squaredNorm(a: usize, exact: bool): f64 {
  return exact ? exactBlock<Product>(a, a) : fastBlock<Product>(a, a);
}

/** <a, b> on the exact path. */
export function innerProduct(a: usize, b: usize): f64 {
  return exactBlock<Product>(a, b);
}

function fastBlock<Summed>(a: usize, b: usize): f64 {
  const summed = changetype<Summed>(0);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (const end = a + TILE; a < end; a += 16, b += 16) {
    s0 = f32x4.add(s0, summed.term<f32>(v128.load(a), v128.load(b)));
    s1 = f32x4.add(s1, summed.term<f32>(v128.load(a, TILE), v128.load(b, TILE)));
    s2 = f32x4.add(s2, summed.term<f32>(v128.load(a, 2 * TILE), v128.load(b, 2 * TILE)));
    s3 = f32x4.add(s3, summed.term<f32>(v128.load(a, 3 * TILE), v128.load(b, 3 * TILE)));
  }
  // from 0 on, as elsewhere: 0 + -0 is not -0
  return 0 + foldFast(s0) + foldFast(s1) + foldFast(s2) + foldFast(s3);
}

function twoFastBlocks<Summed>(a: usize, b: usize, c: usize): f64 {
  const summed = changetype<Summed>(0);
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  for (const end = c + TILE; c < end; a += 16, b += 16, c += 16) {
    const c0 = v128.load(c);
    const c1 = v128.load(c, TILE);
    const c2 = v128.load(c, 2 * TILE);
    const c3 = v128.load(c, 3 * TILE);
    a0 = f32x4.add(a0, summed.term<f32>(v128.load(a), c0));
    a1 = f32x4.add(a1, summed.term<f32>(v128.load(a, TILE), c1));
    a2 = f32x4.add(a2, summed.term<f32>(v128.load(a, 2 * TILE), c2));
    a3 = f32x4.add(a3, summed.term<f32>(v128.load(a, 3 * TILE), c3));
    b0 = f32x4.add(b0, summed.term<f32>(v128.load(b), c0));
    b1 = f32x4.add(b1, summed.term<f32>(v128.load(b, TILE), c1));
    b2 = f32x4.add(b2, summed.term<f32>(v128.load(b, 2 * TILE), c2));
    b3 = f32x4.add(b3, summed.term<f32>(v128.load(b, 3 * TILE), c3));
  }
  second = 0 + foldFast(b0) + foldFast(b1) + foldFast(b2) + foldFast(b3);
  return 0 + foldFast(a0) + foldFast(a1) + foldFast(a2) + foldFast(a3);
}

function exactBlock<Summed>(a: usize, b: usize): f64 {
  let total: f64 = 0;
  for (const end = a + BLOCK_LENGTH * sizeof<f32>(); a < end; a += 2 * TILE, b += 2 * TILE) {
    total = addTwoTiles<Summed>(total, a, b);
  }
  return total;
}

function addTwoTiles<Summed>(total: f64, a: usize, b: usize): f64 {
  const summed = changetype<Summed>(0);
  let low0 = f64x2.splat(0);
  let high0 = f64x2.splat(0);
  let low1 = f64x2.splat(0);
  let high1 = f64x2.splat(0);
  for (const end = a + TILE; a < end; a += 16, b += 16) {
    low0 = f64x2.add(low0, summed.term<f64>(widened(a), widened(b)));
    high0 = f64x2.add(high0, summed.term<f64>(widened(a + 8), widened(b + 8)));
    low1 = f64x2.add(low1, summed.term<f64>(widened(a + TILE), widened(b + TILE)));
    high1 = f64x2.add(high1, summed.term<f64>(widened(a + TILE + 8), widened(b + TILE + 8)));
  }
  return total + foldExact(low0, high0) + foldExact(low1, high1);
}
