import { columnsScratch } from "./columns";
import { BLOCK_LENGTH } from "./layout";
import { mixScratch } from "./mix";
import { pairsScratch } from "./pairs";
import { sumScratch } from "./sums";
import { weightedColumnsScratch } from "./weighted-columns";

// Where things lie in memory. An instance of this module holds one panel; kernels read the addresses once and hand them
// on, because a mutable global is slow.

/** Rows lie a cache line further apart than they are long, or a column would fall into a single set of the cache. */
const ROW_GAP: usize = 64;
const BLOCK_BYTES: usize = BLOCK_LENGTH * sizeof<f32>();
const PAGE_BYTES: u64 = 65536;
const MAX_PAGES: u64 = 65536;

let rows: usize = 0;
let mixed: usize = 0;
let end: u64 = 0;
export let rowStride: usize = 0;
export const MIXED_STRIDE: usize = BLOCK_BYTES + ROW_GAP;
/** Coefficients, a mixing matrix or weights, as each function says. */
export let parameters: usize = 0;
/** A sorting network: the number of its comparators and the comparators, all uint32. */
export let network: usize = 0;
/** A block of float32 values that come out of a kernel, or that go in. */
export let values: usize = 0;
/** A uint32 for every row. */
export let counts: usize = 0;
export let scratch: usize = 0;

/** Lays out the panel. False where it does not fit the memory that there can be. */
export function init(numRows: usize, numBlocks: usize, numMixed: usize, numComparators: usize): bool {
  const most = max(numRows, numMixed);
  const rowBytes = <u64>numBlocks * BLOCK_BYTES + ROW_GAP;
  if (rowBytes > MAX_PAGES * PAGE_BYTES) return false;
  rowStride = <usize>rowBytes;
  rows = reserve(numRows * rowBytes);
  mixed = reserve(<u64>numMixed * MIXED_STRIDE);
  parameters = reserve(max(<u64>numRows * numMixed, 2 * most) * sizeof<f64>());
  network = reserve((1 + 2 * <u64>numComparators) * sizeof<u32>());
  values = reserve(BLOCK_BYTES);
  counts = reserve(<u64>most * sizeof<u32>());
  const ofRows = max(pairsScratch(numRows), mixScratch(numMixed, numRows));
  const ofColumns = max(columnsScratch(most), weightedColumnsScratch(most));
  scratch = reserve(max(max(ofRows, ofColumns), sumScratch()));
  const pages = (end + PAGE_BYTES - 1) / PAGE_BYTES;
  return pages <= MAX_PAGES && memory.grow(<i32>pages - memory.size()) >= 0;
}

/** Memory from the beginning of a cache line on. */
function reserve(bytes: u64): usize {
  const start = end;
  end += (bytes + 63) & ~63;
  return <usize>start;
}

export function rowAddress(row: usize, block: usize): usize {
  return rows + row * rowStride + block * BLOCK_BYTES;
}

export function mixedAddress(row: usize): usize {
  return mixed + row * MIXED_STRIDE;
}

export function parametersAddress(): usize {
  return parameters;
}

export function networkAddress(): usize {
  return network;
}

export function valuesAddress(): usize {
  return values;
}

export function countsAddress(): usize {
  return counts;
}
