import { describe, expect, test } from "vitest";
import { partsInOrder } from "./in-order.ts";
import type { Part, Piece } from "./tasks.ts";

const pieceNo = (firstBlock: number): Piece => ({
  task: { kind: "sumOfSquares" },
  sources: [],
  numCoordinates: 0,
  firstBlock,
  numBlocks: 1,
  panelBlocks: 1,
});
const PIECES = Array.from({ length: 20 }, (_, i) => pieceNo(i));
const partOf = ({ firstBlock }: Piece): Part => ({ sums: [Float64Array.of(firstBlock)], values: [] });
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("parts of pieces", () => {
  test("come in the order of the pieces, whoever is done first, and no more than allowed run ahead", async () => {
    let running = 0;
    let most = 0;
    const run = async (piece: Piece) => {
      most = Math.max(most, ++running);
      await wait(piece.firstBlock % 3 === 0 ? 5 : 0);
      running--;
      return partOf(piece);
    };
    const order: unknown[] = [];
    for await (const { sums } of partsInOrder(PIECES, run, 4, undefined)) order.push(sums[0]?.[0]);
    expect(order).toEqual(PIECES.map((_, i) => i));
    expect(most).toBe(4);
  });

  test("one that fails is met in its turn, when nothing runs any more", async () => {
    let running = 0;
    const run = async (piece: Piece) => {
      running++;
      await wait(piece.firstBlock === 2 ? 0 : 3);
      running--;
      if (piece.firstBlock === 2) throw new Error("piece 2 is broken");
      return partOf(piece);
    };
    const met: unknown[] = [];
    const all = async () => {
      for await (const { sums } of partsInOrder(PIECES, run, 5, undefined)) met.push(sums[0]?.[0]);
    };
    await expect(all()).rejects.toThrow("piece 2 is broken");
    expect(met).toEqual([0, 1]);
    expect(running).toBe(0);
  });

  test("an abort stops it at the next piece, with the signal's reason", async () => {
    const stop = new AbortController();
    let started = 0;
    const run = async (piece: Piece) => {
      if (++started === 6) stop.abort(new Error("shutting down"));
      return partOf(piece);
    };
    const all = async () => {
      for await (const _ of partsInOrder(PIECES, run, 2, stop.signal));
    };
    await expect(all()).rejects.toThrow("shutting down");
    expect(started).toBe(6);
  });
});
