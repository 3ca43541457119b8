/** Coordinates summed without a pause; lanes are folded at its end. */
export const TILE_LENGTH = 4096;
/** Coordinates of one unit of work: kernels see whole blocks, and threads take whole blocks. */
export const BLOCK_LENGTH = 4 * TILE_LENGTH;

/**
 * One block of several rows: row i takes BLOCK_LENGTH floats from i * BLOCK_LENGTH. The last block of a vector is
 * filled up with zeros, so that every sum has the same shape.
 */
export type Block = Float32Array;

export function newBlock(numRows: number): Block {
  return new Float32Array(numRows * BLOCK_LENGTH);
}

/** Row `index` of a block, cut to its first `length` coordinates; nothing is copied. */
export function rowOf(block: Block, index: number, length: number = BLOCK_LENGTH): Float32Array {
  return block.subarray(index * BLOCK_LENGTH, index * BLOCK_LENGTH + length);
}
