import fc from "fast-check";
import { expect, test } from "vitest";
import { pieceBlocks } from "./piece-blocks.ts";

function piecesOf(numRows: number, numBlocks: number, numThreads: number): number[] {
  const pieces: number[] = [];
  for (let left = numBlocks; left > 0; left -= pieces.at(-1) as number) {
    pieces.push(pieceBlocks(numRows, left, numThreads));
  }
  return pieces;
}

test("a hundred rows of a million values, by two threads: larger pieces first", () => {
  expect(piecesOf(100, 62, 2)).toEqual([16, 12, 9, 7, 5, 4, 3, 2, 1, 1, 1, 1]);
});

test("of many rows a piece has few blocks, and one at least", () => {
  expect(pieceBlocks(128, 1_000, 2)).toBe(16);
  expect(pieceBlocks(1_024, 1_000, 2)).toBe(2);
  expect(pieceBlocks(5_000, 1_000, 2)).toBe(1);
});

/** When each thread is done, if it takes the next piece whenever it is free; `speeds` are blocks a second. */
function endsOf(pieces: readonly number[], speeds: readonly number[]): number[] {
  const ends = speeds.map(() => 0);
  for (const blocks of pieces) {
    const next = ends.indexOf(Math.min(...ends));
    ends[next] = (ends[next] as number) + blocks / (speeds[next] as number);
  }
  return ends;
}

test("threads of unlike speeds are done within the time that the slowest takes for two blocks", () => {
  const speed = fc.double({ min: 0.55, max: 1, noNaN: true });
  const some = { minLength: 2, maxLength: 4 };
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 400 }), fc.array(speed, some), (numBlocks, speeds) => {
      const pieces = piecesOf(100, numBlocks, speeds.length);
      expect(pieces.reduce((sum, it) => sum + it, 0)).toBe(numBlocks);
      const ends = endsOf(pieces, speeds);
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThanOrEqual(2 / Math.min(...speeds));
    }),
    { numRuns: 500 },
  );
});
