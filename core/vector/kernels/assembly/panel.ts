import { columnsScratch } from "./columns";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout";
import { mixScratch } from "./mix";
import { pairsScratch } from "./pairs";
import { sumScratch } from "./sums";
import { weightedColumnsScratch } from "./weighted-columns";

// Where things lie in memory. Kernels read the addresses once and hand them on, because a mutable global is slow.

/** Rows lie a cache line further apart than they are long, or a column would fall into a single set of the cache. */
const ROW_GAP: usize = 64;
const BLOCK_BYTES: usize = BLOCK_LENGTH * sizeof<f32>();
/** Of a mixed row, a tile at most is there at a time. */
const MIXED_BYTES: usize = TILE_LENGTH * sizeof<f32>() + ROW_GAP;
const PAGE_BYTES: u64 = 65536;
const MAX_PAGES: u64 = 65536;

let end: u64 = 0;
let firstMixed: usize = 0;
/** Where each row begins, uint32: rows may lie anywhere in this memory. Kernels are told which coordinate they start at. */
export let rows: usize = 0;
/** Where each mixed row begins; it begins with the coordinate that mixing started at. */
export let mixed: usize = 0;
/** Coefficients, a mixing matrix or weights, as each function says. */
export let parameters: usize = 0;
/** A sorting network: the number of its comparators and the comparators, all uint32. */
export let network: usize = 0;
/** A block of float32 values that come out of a kernel, or that go in. */
export let values: usize = 0;
/** A uint32 for every row. */
export let counts: usize = 0;
export let scratch: usize = 0;

/**
 * Lays out a region of the memory from a page on, or, where `page` is below 0, behind all that is there: where threads
 * share the memory, each that grows it gets another. Without blocks, rows lie elsewhere. Returns the page where it begins;
 * below 0 where it does not fit the memory that there can be.
 */
export function init(numRows: usize, numBlocks: usize, numMixed: usize, numComparators: usize, page: i32): i32 {
  const pages = numPages(numRows, numBlocks, numMixed, numComparators);
  const first = page >= 0 || pages < 0 ? page : memory.grow(pages);
  if (first < 0) return -1;
  const base = <usize>(<u64>first * PAGE_BYTES);
  moveBy(base);
  if (numBlocks > 0) listRows(rows, numRows, base, <usize>rowBytes(numBlocks));
  listRows(mixed, numMixed, base + firstMixed, MIXED_BYTES);
  return first;
}

/** Of a region for so much, which is laid out from address 0 on; below 0 where there can be none as large. */
export function numPages(numRows: usize, numBlocks: usize, numMixed: usize, numComparators: usize): i32 {
  if (rowBytes(numBlocks) > MAX_PAGES * PAGE_BYTES) return -1;
  const most = max(numRows, numMixed);
  end = 0;
  reserve(numRows * rowBytes(numBlocks));
  firstMixed = reserve(<u64>numMixed * MIXED_BYTES);
  rows = reserve(<u64>numRows * sizeof<u32>());
  mixed = reserve(<u64>numMixed * sizeof<u32>());
  parameters = reserve(max(<u64>numRows * numMixed, 2 * most) * sizeof<f64>());
  network = reserve((1 + 2 * <u64>numComparators) * sizeof<u32>());
  values = reserve(BLOCK_BYTES);
  counts = reserve(<u64>most * sizeof<u32>());
  const ofRows = max(pairsScratch(numRows), mixScratch(numMixed, numRows));
  const ofColumns = max(columnsScratch(most), weightedColumnsScratch(most));
  scratch = reserve(max(max(ofRows, ofColumns), sumScratch()));
  const pages = (end + PAGE_BYTES - 1) / PAGE_BYTES;
  return pages > MAX_PAGES ? -1 : <i32>pages;
}

function rowBytes(numBlocks: usize): u64 {
  return numBlocks > 0 ? <u64>numBlocks * BLOCK_BYTES + ROW_GAP : 0;
}

/** Memory from the beginning of a cache line on. */
function reserve(bytes: u64): usize {
  const start = end;
  end += (bytes + 63) & ~63;
  return <usize>start;
}

function moveBy(bytes: usize): void {
  rows += bytes;
  mixed += bytes;
  parameters += bytes;
  network += bytes;
  values += bytes;
  counts += bytes;
  scratch += bytes;
}

function listRows(addresses: usize, count: usize, first: usize, stride: usize): void {
  for (let i: usize = 0; i < count; i++) store<u32>(addresses + i * sizeof<u32>(), first + i * stride);
}

/** Where coordinate `start` of a row lies, `addresses` being those of rows or of mixed rows. */
@inline
export function rowAt(addresses: usize, row: usize, start: usize): usize {
  return <usize>load<u32>(addresses + row * sizeof<u32>()) + start * sizeof<f32>();
}

export function rowsAddress(): usize {
  return rows;
}

export function mixedAddress(): usize {
  return mixed;
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
