import { second, squaredNorm, twoBlocks } from "./blocks";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout";
import { foldExact, foldFast, widened } from "./lanes";
import { rowAt, rows, scratch } from "./panel";
import { Product, SquaredDistance } from "./summed";

// All pairs of rows, a span of coordinates at a time. The span of every row is first copied into a narrow strip, so that
// it stays in the nearest caches and rows lie a constant apart; the lanes wait in memory from span to span.
// On the exact path a span is widened into two strips, one for lanes 0 and 1, one for lanes 2 and 3.

/** Coordinates of a span. */
const SPAN: usize = 512;
/** A strip has one vector of a row for every four coordinates. */
const VECTOR: usize = 16;
const STRIP_ROW: usize = SPAN / 4 * VECTOR;
/** Rows of a strip lie a cache line further apart, or they would all fall into the same few sets. */
const PITCH: usize = STRIP_ROW + 64;

/** Four rows against two: their sums, and what is loaded for them, fill the registers. */
const GROUP: usize = 4;
const PAIR: usize = 2;
/** Rows up to which they are quicker to compare with all others than those are to copy. */
const FEW: usize = 4;
/** Sums of a group with itself: six pairs and four squared norms. */
const SQUARE: usize = 10;

/** More rows are not compared in pairs: the memory for that grows with the square of their number. */
const MOST_PAIRED: usize = 4096;

export function pairsScratch(n: usize): u64 {
  if (n > MOST_PAIRED) return 0;
  return 2 * stripBytes(n) + 2 * lanesBytes(n) + <u64>n * n * sizeof<f64>();
}

/**
 * Over the block from `start` on, squared distances of the pairs of rows i < j, j >= firstRow, and on the diagonal squared
 * norms. Returns where they are: row-major n x n float64.
 */
export function squaredDistances(start: usize, n: usize, firstRow: usize, exact: bool): usize {
  return pairs<SquaredDistance>(start, n, firstRow, exact);
}

/** Inner products, likewise. */
export function innerProducts(start: usize, n: usize, firstRow: usize, exact: bool): usize {
  return pairs<Product>(start, n, firstRow, exact);
}

function pairs<Summed>(start: usize, n: usize, firstRow: usize, exact: bool): usize {
  const lanes = scratch + <usize>(2 * stripBytes(n));
  const into = lanes + <usize>(2 * lanesBytes(n));
  if (n - firstRow <= FEW) {
    fewPairs<Summed>(start, n, firstRow, exact, into);
    return into;
  }
  memory.fill(into, 0, n * n * sizeof<f64>());
  for (let tile = start; tile < start + BLOCK_LENGTH; tile += TILE_LENGTH) {
    memory.fill(lanes, 0, <usize>(2 * lanesBytes(n)));
    if (exact) exactTile<Summed>(tile, n, firstRow, scratch, lanes, into);
    else fastTile<Summed>(tile, n, firstRow, scratch, lanes, into);
  }
  return into;
}

/** Blocks of the later rows stay in the cache while the others pass by, two at a time. */
function fewPairs<Summed>(start: usize, n: usize, firstRow: usize, exact: bool, into: usize): void {
  const addresses = rows;
  for (let i: usize = 0; i + 1 < n; i += 2) {
    const a = rowAt(addresses, i, start);
    const b = rowAt(addresses, i + 1, start);
    for (let j = max(i + 1, firstRow); j < n; j++) {
      const sum = twoBlocks<Summed>(a, b, rowAt(addresses, j, start), exact);
      store<f64>(into + (i * n + j) * sizeof<f64>(), sum);
      store<f64>(into + ((i + 1) * n + j) * sizeof<f64>(), second);
    }
  }
  for (let j = firstRow; j < n; j++) {
    store<f64>(into + (j * n + j) * sizeof<f64>(), squaredNorm(rowAt(addresses, j, start), exact));
  }
}

function fastTile<Summed>(tile: usize, n: usize, firstRow: usize, strip: usize, lanes: usize, into: usize): void {
  const addresses = rows;
  for (let at = tile; at < tile + TILE_LENGTH; at += SPAN) {
    for (let i: usize = 0; i < n; i++) memory.copy(strip + i * PITCH, rowAt(addresses, i, at), STRIP_ROW);
    addPairs<f32, Summed>(strip, n, firstRow, lanes);
  }
  fold(n, firstRow, lanes, 0, into);
}

function exactTile<Summed>(tile: usize, n: usize, firstRow: usize, strip: usize, lanes: usize, into: usize): void {
  const addresses = rows;
  const high = <usize>stripBytes(n);
  const highLanes = <usize>lanesBytes(n);
  for (let at = tile; at < tile + TILE_LENGTH; at += SPAN) {
    for (let i: usize = 0; i < n; i++) widenSpan(rowAt(addresses, i, at), strip + i * PITCH, high);
    addPairs<f64, Summed>(strip, n, firstRow, lanes);
    addPairs<f64, Summed>(strip + high, n, firstRow, lanes + highLanes);
  }
  fold(n, firstRow, lanes, highLanes, into);
}

/** Of every four values, the first two go to `low` and the others `high` bytes behind them. */
function widenSpan(row: usize, low: usize, high: usize): void {
  for (let at: usize = 0; at < STRIP_ROW; at += VECTOR) {
    v128.store(low + at, widened(row + at));
    v128.store(low + high + at, widened(row + at + 8));
  }
}

function addPairs<T, Summed>(strip: usize, n: usize, firstRow: usize, lanes: usize): void {
  for (let i: usize = 0; i < n; i += GROUP) {
    const group = strip + i * PITCH;
    if (i + GROUP > firstRow) {
      addSquare<T, Summed>(group, lanes);
      lanes += SQUARE * VECTOR;
    }
    for (let j = firstOf(i, firstRow); j < n; j += PAIR) {
      addSpan<T, Summed>(group, strip + j * PITCH, lanes);
      lanes += GROUP * PAIR * VECTOR;
    }
  }
}

/** The pairs within the group that begins at `a`, and the squared norms of its rows. */
function addSquare<T, Summed>(a: usize, lanes: usize): void {
  const summed = changetype<Summed>(0);
  let s00 = v128.load(lanes, 0);
  let s01 = v128.load(lanes, 16);
  let s11 = v128.load(lanes, 32);
  let s02 = v128.load(lanes, 48);
  let s12 = v128.load(lanes, 64);
  let s22 = v128.load(lanes, 80);
  let s03 = v128.load(lanes, 96);
  let s13 = v128.load(lanes, 112);
  let s23 = v128.load(lanes, 128);
  let s33 = v128.load(lanes, 144);
  for (const end = a + STRIP_ROW; a < end; a += VECTOR) {
    const x0 = v128.load(a, 0);
    s00 = v128.add<T>(s00, v128.mul<T>(x0, x0));
    const x1 = v128.load(a, PITCH);
    s01 = v128.add<T>(s01, summed.term<T>(x0, x1));
    s11 = v128.add<T>(s11, v128.mul<T>(x1, x1));
    const x2 = v128.load(a, 2 * PITCH);
    s02 = v128.add<T>(s02, summed.term<T>(x0, x2));
    s12 = v128.add<T>(s12, summed.term<T>(x1, x2));
    s22 = v128.add<T>(s22, v128.mul<T>(x2, x2));
    const x3 = v128.load(a, 3 * PITCH);
    s03 = v128.add<T>(s03, summed.term<T>(x0, x3));
    s13 = v128.add<T>(s13, summed.term<T>(x1, x3));
    s23 = v128.add<T>(s23, summed.term<T>(x2, x3));
    s33 = v128.add<T>(s33, v128.mul<T>(x3, x3));
  }
  v128.store(lanes, s00, 0);
  v128.store(lanes, s01, 16);
  v128.store(lanes, s11, 32);
  v128.store(lanes, s02, 48);
  v128.store(lanes, s12, 64);
  v128.store(lanes, s22, 80);
  v128.store(lanes, s03, 96);
  v128.store(lanes, s13, 112);
  v128.store(lanes, s23, 128);
  v128.store(lanes, s33, 144);
}

/** `a` is the first of four rows, `b` of two. */
function addSpan<T, Summed>(a: usize, b: usize, lanes: usize): void {
  const summed = changetype<Summed>(0);
  let s00 = v128.load(lanes, 0);
  let s01 = v128.load(lanes, 16);
  let s10 = v128.load(lanes, 32);
  let s11 = v128.load(lanes, 48);
  let s20 = v128.load(lanes, 64);
  let s21 = v128.load(lanes, 80);
  let s30 = v128.load(lanes, 96);
  let s31 = v128.load(lanes, 112);
  const end = a + STRIP_ROW;
  while (a < end) {
    const y0 = v128.load(b, 0);
    const y1 = v128.load(b, PITCH);
    const x0 = v128.load(a, 0);
    s00 = v128.add<T>(s00, summed.term<T>(x0, y0));
    s01 = v128.add<T>(s01, summed.term<T>(x0, y1));
    const x1 = v128.load(a, PITCH);
    s10 = v128.add<T>(s10, summed.term<T>(x1, y0));
    s11 = v128.add<T>(s11, summed.term<T>(x1, y1));
    const x2 = v128.load(a, 2 * PITCH);
    s20 = v128.add<T>(s20, summed.term<T>(x2, y0));
    s21 = v128.add<T>(s21, summed.term<T>(x2, y1));
    const x3 = v128.load(a, 3 * PITCH);
    s30 = v128.add<T>(s30, summed.term<T>(x3, y0));
    s31 = v128.add<T>(s31, summed.term<T>(x3, y1));
    a += VECTOR;
    b += VECTOR;
  }
  v128.store(lanes, s00, 0);
  v128.store(lanes, s01, 16);
  v128.store(lanes, s10, 32);
  v128.store(lanes, s11, 48);
  v128.store(lanes, s20, 64);
  v128.store(lanes, s21, 80);
  v128.store(lanes, s30, 96);
  v128.store(lanes, s31, 112);
}

/** Adds a tile's sums to `into`; lanes 2 and 3 of exact sums lie `highLanes` bytes behind lanes 0 and 1. */
function fold(n: usize, firstRow: usize, lanes: usize, highLanes: usize, into: usize): void {
  for (let i: usize = 0; i < n; i += GROUP) {
    if (i + GROUP > firstRow) {
      for (let column = i; column < i + GROUP; column++) {
        for (let row = i; row <= column; row++) {
          if (column >= firstRow && column < n) addLanes(lanes, highLanes, into + (row * n + column) * sizeof<f64>());
          lanes += VECTOR;
        }
      }
    }
    for (let j = firstOf(i, firstRow); j < n; j += PAIR) {
      for (let row = i; row < i + GROUP; row++) {
        for (let column = j; column < j + PAIR; column++) {
          if (column >= firstRow && column < n) addLanes(lanes, highLanes, into + (row * n + column) * sizeof<f64>());
          lanes += VECTOR;
        }
      }
    }
  }
}

@inline
function addLanes(lanes: usize, highLanes: usize, into: usize): void {
  const low = v128.load(lanes);
  const sum = highLanes === 0 ? foldFast(low) : foldExact(low, v128.load(lanes + highLanes));
  store<f64>(into, load<f64>(into) + sum);
}

/** The first of the pairs of rows, which begin at even rows, that group i meets: behind itself and from `firstRow` on. */
@inline
function firstOf(i: usize, firstRow: usize): usize {
  return max(i + GROUP, firstRow - (firstRow % PAIR));
}

@inline
function wholeGroups(n: usize): usize {
  return (n + GROUP - 1) / GROUP * GROUP;
}

/** A strip has whole groups of rows. */
@inline
function stripBytes(n: usize): u64 {
  return <u64>wholeGroups(n) * PITCH;
}

/** Group g of G meets itself and 2 (G - g - 1) pairs at most. */
@inline
function lanesBytes(n: usize): u64 {
  const groups = <u64>wholeGroups(n) / GROUP;
  return groups * (SQUARE + (groups - 1) * GROUP * PAIR) * VECTOR;
}
