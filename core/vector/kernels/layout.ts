/** Coordinates summed without a pause; lanes are folded at its end. */
export const TILE_LENGTH = 4096;
/**
 * Coordinates of one unit of work: kernels see whole blocks, and threads take whole blocks. The last block of a vector is
 * filled up with zeros, so that every sum has the same shape.
 */
export const BLOCK_LENGTH = 4 * TILE_LENGTH;

/** Rows that are compared in pairs at most; assembly/pairs.ts has memory for so many. */
export const MAX_PAIRED_ROWS = 4_096;

/** Half of a processor's second-level cache, of which a mebibyte is common: the kernels' own memory wants a part of it. */
const SPAN_BYTES = 512 << 10;

/**
 * Coordinates that are worked on at a time where each stands for itself: of so many rows they stay in the cache from the
 * look whether they are finite to the end of the work. A power of two, from 64 to a tile.
 */
export function spanLength(numRows: number): number {
  const fitting = SPAN_BYTES / Float32Array.BYTES_PER_ELEMENT / Math.max(1, numRows);
  return Math.min(TILE_LENGTH, Math.max(64, 2 ** Math.floor(Math.log2(fitting))));
}
