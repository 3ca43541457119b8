/** Blocks of a piece in memory at most, and fewer of many rows, as it has sums of every block for itself. */
const MOST_BLOCKS = 16;
const ROWS_TIMES_BLOCKS = 2_048;

/**
 * How many blocks of `numRows` rows in memory the next piece has, when `numLeft` are left to so many threads: half of what
 * each of them would get. The last pieces are small, so that no thread waits long for one that is held up, after guided
 * self-scheduling (Polychronopoulos and Kuck 1987), whose pieces are the whole share.
 */
export function pieceBlocks(numRows: number, numLeft: number, numThreads: number): number {
  const half = Math.ceil(numLeft / (2 * numThreads));
  return Math.max(1, Math.min(MOST_BLOCKS, Math.floor(ROWS_TIMES_BLOCKS / numRows), half));
}
