import { expect, test } from "vitest";
import { type PairsInPlace, pairsInPlace, rowMemory } from "../../../core/vector/kernels/in-place.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { MemoryRow, RowSource } from "./engine.ts";
import { laterPairs } from "./later-pairs.ts";
import type { Piece } from "./tasks.ts";

const D = BLOCK_LENGTH + 3;
const inPlace = pairsInPlace();

/** Row i is i + 1 in its last coordinate and zero before. */
function rowsInRoom(numRows: number): MemoryRow[] {
  const room = rowMemory(numRows, D);
  if (room === undefined) throw new Error("no memory");
  return Array.from({ length: numRows }, (_, i) => {
    const values = new Float32Array(room.memory.buffer, room.addressOf(i), D);
    values[D - 1] = i + 1;
    return { kind: "memory", values, memory: room.memory };
  });
}

const pieceOf = (sources: readonly RowSource[], firstRow: number): Piece => ({
  task: { kind: "pairs", path: "fast", innerProducts: false, firstRow },
  sources,
  numCoordinates: D,
  firstBlock: 0,
  numBlocks: 2,
  panelBlocks: 1,
});

/** The pairs of rows that were read. */
function watched(): { readonly read: string[]; at(memory: WebAssembly.Memory): PairsInPlace } {
  const read: string[] = [];
  return {
    read,
    at(memory) {
      const kernels = inPlace(memory);
      return {
        ...kernels,
        squaredDistances(a, b, c, path) {
          read.push(`${a} ${c}`, ...(a === b ? [] : [`${b} ${c}`]));
          return kernels.squaredDistances(a, b, c, path);
        },
      };
    },
  };
}

test("only pairs with a later row are read, block by block", () => {
  const rows = rowsInRoom(3);
  const { read, at } = watched();
  const part = laterPairs(pieceOf(rows, 2), at);
  const [a, b, c] = rows.map(({ values }) => values.byteOffset) as [number, number, number];
  const next = 4 * BLOCK_LENGTH;
  const block = (start: number) => [a, b, c].map((row) => `${row + start} ${c + start}`);
  expect(read).toEqual([...block(0), ...block(next)]);
  expect([...(part?.sums[0] ?? [])]).toEqual([...Array(9).fill(0), 0, 0, 4, 0, 0, 1, 0, 0, 0]);
  expect([...(part?.sums[1] ?? [])]).toEqual([0, 0, 0, 0, 0, 9]);
});

test("many later rows, rows elsewhere and rows that are scaled go through a panel", () => {
  const rows = rowsInRoom(6);
  expect(laterPairs(pieceOf(rows, 2), inPlace)).toBeDefined();
  expect(laterPairs(pieceOf(rows, 1), inPlace)).toBeUndefined();
  const elsewhere = { kind: "memory", values: new Float32Array(D) } as const;
  expect(laterPairs(pieceOf([...rows, elsewhere], 6), inPlace)).toBeUndefined();
  const scaled = { kind: "scaled", source: rows[0] as MemoryRow, factor: 0.5 } as const;
  expect(laterPairs(pieceOf([...rows, scaled], 6), inPlace)).toBeUndefined();
  expect(laterPairs({ ...pieceOf(rows, 5), task: { kind: "innerProductsWithLast" } }, inPlace)).toBeUndefined();
});

test("a later row that is not finite is refused; one whose square overflows float32 is not", () => {
  const rows = rowsInRoom(2);
  (rows[1] as MemoryRow).values[0] = 3e38;
  expect(laterPairs(pieceOf(rows, 1), inPlace)).toBeDefined();
  (rows[1] as MemoryRow).values[D - 1] = Number.NaN;
  const attempt = () => laterPairs(pieceOf(rows, 1), inPlace);
  expect(attempt).toThrow(expect.objectContaining({ code: "NOT_FINITE", message: expect.stringContaining("16384") }));
});

test("beyond what WebAssembly can address there is no room", () => {
  expect(rowMemory(1_100, 1_000_000)).toBeUndefined();
});
