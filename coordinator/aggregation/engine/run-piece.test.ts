import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { rowIn, rowMemory } from "../../../core/vector/kernels/in-place.ts";
import { BLOCK_LENGTH, spanLength } from "../../../core/vector/kernels/layout.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import type { MemoryRow, RowSource } from "./engine.ts";
import { type PieceKernels, pieceKernels, runPiece } from "./run-piece.ts";
import type { Piece, Task } from "./tasks.ts";

const D = BLOCK_LENGTH + 3;
const kernels = pieceKernels(wasmKernels());
/** Of these, nothing may be copied. */
const withoutPanels: PieceKernels = {
  ...kernels,
  panelOf: () => expect.fail("rows were copied"),
};

/** Row i is i + 1 in its last coordinate and zero before. */
function rowsInRoom(numRows: number): MemoryRow[] {
  const memory = rowMemory(randomUUID(), numRows, D);
  if (memory === undefined) throw new Error("no memory");
  return Array.from({ length: numRows }, (_, i) => {
    const values = rowIn(memory, i);
    values[D - 1] = i + 1;
    return { kind: "memory", values, memory };
  });
}

const pairsFrom = (firstRow: number): Task => ({
  kind: "pairs",
  path: "fast",
  innerProducts: false,
  firstRow,
  allNorms: false,
});
const pieceOf = (sources: readonly RowSource[], task: Task): Piece => ({
  task,
  sources,
  numCoordinates: D,
  firstBlock: 0,
  numBlocks: 2,
  panelBlocks: 1,
});
const sumOf = (into: Float32Array, numRows: number): Task => ({
  kind: "weightedSums",
  coefficients: [new Float64Array(numRows).fill(1)],
  into: [into],
});

test("rows of one shared memory are read where they lie: only their pairs with later rows, block by block", () => {
  const { sums } = runPiece(pieceOf(rowsInRoom(3), pairsFrom(2)), withoutPanels);
  expect([...(sums[0] ?? [])]).toEqual([...Array(9).fill(0), 0, 0, 4, 0, 0, 1, 0, 0, 0]);
  expect([...(sums[1] ?? [])]).toEqual([0, 0, 0, 0, 0, 9]);
});

test("rows of another memory, rows that are not all in one and rows that are scaled go through a panel", () => {
  const [a, b] = rowsInRoom(3) as [MemoryRow, MemoryRow];
  const [other] = rowsInRoom(1) as [MemoryRow];
  other.values[D - 1] = 7;
  const elsewhere = { kind: "memory", values: new Float32Array(D) } as const;
  const scaled = { kind: "scaled", source: a, factor: 0.5 } as const;
  for (const [third, last] of [
    [other, 7],
    [elsewhere, 0],
    [scaled, 0.5],
    [{ kind: "zero" } as const, 0],
  ] as const) {
    const into = new Float32Array(D);
    const piece = pieceOf([a, b, third], sumOf(into, 3));
    expect(() => runPiece(piece, withoutPanels)).toThrow("rows were copied");
    runPiece(piece, kernels);
    expect(into[D - 1]).toBe(3 + last);
  }
  const into = new Float32Array(D);
  runPiece(pieceOf([b, a, b], sumOf(into, 3)), withoutPanels);
  expect(into[D - 1]).toBe(5);
});

test("a row longer than those of its memory is refused, not read into the next", () => {
  const rows = rowsInRoom(2);
  const beyond = { ...pieceOf(rows, sumOf(new Float32Array(D + 1), 2)), numCoordinates: D + 1 };
  expect(() => runPiece(beyond, kernels)).toThrow(expect.objectContaining({ code: "PAYLOAD_LENGTH_MISMATCH" }));
});

test.each([
  ["in place", (rows: MemoryRow[]) => rows],
  ["through a panel", (rows: MemoryRow[]) => rows.map(({ values }): MemoryRow => ({ kind: "memory", values }))],
])("%s, a row that is not finite is refused by its number and from where on", (_, sourcesOf) => {
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const rows = rowsInRoom(100);
    (rows[41] as MemoryRow).values[BLOCK_LENGTH - 1] = value;
    const span = spanLength(100);
    expect(span).toBeLessThan(BLOCK_LENGTH);
    const sum = pieceOf(sourcesOf(rows), sumOf(new Float32Array(D), 100));
    const where = (from: number) => expect.stringContaining(`row 42 of 100: coordinates from ${from} on`);
    const notFinite = (from: number) => expect.objectContaining({ code: "NOT_FINITE", message: where(from) });
    expect(() => runPiece(sum, kernels)).toThrow(notFinite(BLOCK_LENGTH - span));
    expect(() => runPiece(pieceOf(sourcesOf(rows), pairsFrom(0)), kernels)).toThrow(notFinite(0));
    // rows before the first were looked at when they were it
    expect(() => runPiece(pieceOf(sourcesOf(rows), pairsFrom(42)), kernels)).not.toThrow();
  }
});

test("a later row whose square overflows float32 is finite", () => {
  const rows = rowsInRoom(2);
  (rows[1] as MemoryRow).values[0] = 3e38;
  expect(() => runPiece(pieceOf(rows, pairsFrom(1)), kernels)).not.toThrow();
});
