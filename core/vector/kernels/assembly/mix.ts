import { storeRounded, widened } from "./lanes";
import { mixed, parameters, rowAt, rows, scratch } from "./panel";

// Many weighted sums of the rows, two at a time, in float64, rows in ascending order: what two sums have in
// common is loaded once. A row that only one of them has adds 0 to the other, which changes no bit: rows are finite.

/** Coordinates widened at a time: a cache line of every row. */
const WIDTH: usize = 16;
const WIDE_ROW: usize = WIDTH * sizeof<f64>();
/** Coordinates whose sums stay in registers: half of those. */
const HALF: usize = WIDE_ROW / 2;

/** Two coefficients (float64) and where the widened row is (uint32, from the first). */
const TERM: usize = 24;

export function mixScratch(numOutputs: usize, n: usize): u64 {
  const pairs = (<u64>numOutputs + 1) / 2;
  return n * WIDE_ROW + pairs * n * TERM + pairs * sizeof<usize>();
}

/**
 * `length` coordinates of the mixed rows, and up to 15 more: each a weighted sum of n rows from `start` on, with the matrix
 * (numOutputs x n) in `parameters`.
 */
export function mix(start: usize, length: usize, numOutputs: usize, n: usize): void {
  const terms = scratch + n * WIDE_ROW;
  const ends = terms + ((numOutputs + 1) / 2) * n * TERM;
  listTerms(numOutputs, n, terms, ends);
  const addresses = rows;
  const mixedAddresses = mixed;
  for (let at: usize = 0; at < length; at += WIDTH) {
    widenRows(addresses, start + at, n, scratch);
    let term = terms;
    for (let output: usize = 0; output < numOutputs; output += 2) {
      const end = load<usize>(ends + (output / 2) * sizeof<usize>());
      const first = rowAt(mixedAddresses, output, at);
      const second = rowAt(mixedAddresses, min(output + 1, numOutputs - 1), at);
      sumTerms(scratch, term, end, first, second);
      sumTerms(scratch + HALF, term, end, first + HALF / 2, second + HALF / 2);
      term = end;
    }
  }
}

/** The rows that either of two outputs has, pair after pair, and where each pair's end. The last may be one twice. */
function listTerms(numOutputs: usize, n: usize, term: usize, ends: usize): void {
  for (let output: usize = 0; output < numOutputs; output += 2) {
    const first = parameters + output * n * sizeof<f64>();
    const second = parameters + min(output + 1, numOutputs - 1) * n * sizeof<f64>();
    for (let i: usize = 0; i < n; i++) {
      const a = load<f64>(first + i * sizeof<f64>());
      const b = load<f64>(second + i * sizeof<f64>());
      if (a === 0 && b === 0) continue;
      store<f64>(term, a);
      store<f64>(term, b, 8);
      store<usize>(term, i * WIDE_ROW, 16);
      term += TERM;
    }
    store<usize>(ends + (output / 2) * sizeof<usize>(), term);
  }
}

function widenRows(addresses: usize, start: usize, n: usize, into: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const row = rowAt(addresses, i, start);
    for (let k: usize = 0; k < WIDTH; k += 2) {
      v128.store(into + k * sizeof<f64>(), widened(row + k * sizeof<f32>()));
    }
    into += WIDE_ROW;
  }
}

function sumTerms(wide: usize, term: usize, end: usize, first: usize, second: usize): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  for (; term < end; term += TERM) {
    const a = v128.load64_splat(term);
    const b = v128.load64_splat(term, 8);
    const row = wide + load<usize>(term, 16);
    const x0 = v128.load(row, 0);
    const x1 = v128.load(row, 16);
    const x2 = v128.load(row, 32);
    const x3 = v128.load(row, 48);
    a0 = f64x2.add(a0, f64x2.mul(a, x0));
    a1 = f64x2.add(a1, f64x2.mul(a, x1));
    a2 = f64x2.add(a2, f64x2.mul(a, x2));
    a3 = f64x2.add(a3, f64x2.mul(a, x3));
    b0 = f64x2.add(b0, f64x2.mul(b, x0));
    b1 = f64x2.add(b1, f64x2.mul(b, x1));
    b2 = f64x2.add(b2, f64x2.mul(b, x2));
    b3 = f64x2.add(b3, f64x2.mul(b, x3));
  }
  storeRounded(first, a0);
  storeRounded(first + 8, a1);
  storeRounded(first + 16, a2);
  storeRounded(first + 24, a3);
  storeRounded(second, b0);
  storeRounded(second + 8, b1);
  storeRounded(second + 16, b2);
  storeRounded(second + 24, b3);
}
