import { network } from "./panel";

// Sixteen columns are sorted at once: value k of each of them lies in row k of the scratch memory. Rows are first sorted
// in blocks of four, in registers; then a network sorts the blocks, each comparator of which merges two blocks and leaves
// the lesser half in the first. A network that sorts values sorts sorted blocks (Baudet and Stevenson 1978).

/** Columns sorted at once: a cache line of every row. */
export const WIDTH: usize = 16;

/** As in ../wasm-panel.ts. */
const BLOCK_ROWS: usize = 4;

/** Rows of scratch memory for n values: the last block is filled up with infinities, which stay at its end. */
@inline
export function sortedRows(n: usize): usize {
  return (n + BLOCK_ROWS - 1) / BLOCK_ROWS * BLOCK_ROWS;
}

/** Sorts n rows of float32 or float64, none of which holds NaN or -0. */
@inline
export function sort<T>(values: usize, n: usize): void {
  pad<T>(values, n);
  for (let at = values; at < values + n * rowBytes<T>(); at += BLOCK_ROWS * rowBytes<T>()) {
    for (let k: usize = 0; k < rowBytes<T>(); k += 16) sortBlock<T>(at + k);
  }
  const end = network + (1 + 2 * load<u32>(network)) * sizeof<u32>();
  for (let at = network + sizeof<u32>(); at < end; at += 2 * sizeof<u32>()) {
    const a = values + <usize>load<u32>(at) * BLOCK_ROWS * rowBytes<T>();
    const b = values + <usize>load<u32>(at, sizeof<u32>()) * BLOCK_ROWS * rowBytes<T>();
    for (let k: usize = 0; k < rowBytes<T>(); k += 16) mergeBlocks<T>(a + k, b + k);
  }
}

@inline
function rowBytes<T>(): usize {
  return WIDTH * sizeof<T>();
}

@inline
function pad<T>(values: usize, n: usize): void {
  const end = values + sortedRows(n) * rowBytes<T>();
  for (let at = values + n * rowBytes<T>(); at < end; at += sizeof<T>()) store<T>(at, <T>Infinity);
}

@inline
function sortBlock<T>(at: usize): void {
  let x0 = v128.load(at);
  let x1 = v128.load(at, rowBytes<T>());
  let x2 = v128.load(at, 2 * rowBytes<T>());
  let x3 = v128.load(at, 3 * rowBytes<T>());
  let lesser = v128.pmin<T>(x0, x1);
  x1 = v128.pmax<T>(x0, x1);
  x0 = lesser;
  lesser = v128.pmin<T>(x2, x3);
  x3 = v128.pmax<T>(x2, x3);
  x2 = lesser;
  lesser = v128.pmin<T>(x0, x2);
  x2 = v128.pmax<T>(x0, x2);
  x0 = lesser;
  lesser = v128.pmin<T>(x1, x3);
  x3 = v128.pmax<T>(x1, x3);
  x1 = lesser;
  v128.store(at, x0);
  v128.store(at, v128.pmin<T>(x1, x2), rowBytes<T>());
  v128.store(at, v128.pmax<T>(x1, x2), 2 * rowBytes<T>());
  v128.store(at, x3, 3 * rowBytes<T>());
}

/** Odd-even merge (Batcher 1968) of two sorted blocks. */
@inline
function mergeBlocks<T>(a: usize, b: usize): void {
  let a0 = v128.load(a);
  let a1 = v128.load(a, rowBytes<T>());
  let a2 = v128.load(a, 2 * rowBytes<T>());
  let a3 = v128.load(a, 3 * rowBytes<T>());
  let b0 = v128.load(b);
  let b1 = v128.load(b, rowBytes<T>());
  let b2 = v128.load(b, 2 * rowBytes<T>());
  let b3 = v128.load(b, 3 * rowBytes<T>());
  let lesser = v128.pmin<T>(a0, b0);
  b0 = v128.pmax<T>(a0, b0);
  a0 = lesser;
  lesser = v128.pmin<T>(a1, b1);
  b1 = v128.pmax<T>(a1, b1);
  a1 = lesser;
  lesser = v128.pmin<T>(a2, b2);
  b2 = v128.pmax<T>(a2, b2);
  a2 = lesser;
  lesser = v128.pmin<T>(a3, b3);
  b3 = v128.pmax<T>(a3, b3);
  a3 = lesser;
  lesser = v128.pmin<T>(a2, b0);
  b0 = v128.pmax<T>(a2, b0);
  a2 = lesser;
  lesser = v128.pmin<T>(a3, b1);
  b1 = v128.pmax<T>(a3, b1);
  a3 = lesser;
  v128.store(a, a0);
  v128.store(a, v128.pmin<T>(a1, a2), rowBytes<T>());
  v128.store(a, v128.pmax<T>(a1, a2), 2 * rowBytes<T>());
  v128.store(a, v128.pmin<T>(a3, b0), 3 * rowBytes<T>());
  v128.store(b, v128.pmax<T>(a3, b0));
  v128.store(b, v128.pmin<T>(b1, b2), rowBytes<T>());
  v128.store(b, v128.pmax<T>(b1, b2), 2 * rowBytes<T>());
  v128.store(b, b3, 3 * rowBytes<T>());
}
