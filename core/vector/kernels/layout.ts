/** Coordinates summed without a pause; lanes are folded at its end. */
export const TILE_LENGTH = 4096;
/**
 * Coordinates of one unit of work: kernels see whole blocks, and threads take whole blocks. The last block of a vector is
 * filled up with zeros, so that every sum has the same shape.
 */
export const BLOCK_LENGTH = 4 * TILE_LENGTH;
