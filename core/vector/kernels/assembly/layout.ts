// The same numbers as ../layout.ts.
export const TILE_LENGTH: usize = 4096;
export const BLOCK_LENGTH: usize = 4 * TILE_LENGTH;
