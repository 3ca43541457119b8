import { expect, test } from "vitest";
import type { RowSource } from "./engine.ts";
import { panelBlocksOf, threadsWithPanel } from "./file-panels.ts";

const FILE: RowSource = { kind: "file", path: "/a", offset: 0, sizeBytes: 0 };
const MEMORY: RowSource = { kind: "memory", values: new Float32Array() };
const files = (count: number) => new Array<RowSource>(count).fill(FILE);
const GIB = 2 ** 30;

test("rows in memory are looked at block by block, files by the mebibyte however many they are", () => {
  expect(panelBlocksOf([MEMORY, MEMORY], 99)).toBe(1);
  for (const count of [1, 100, 128, 129, 512]) expect(panelBlocksOf(files(count), 99)).toBe(16);
  expect(panelBlocksOf(files(3_072), 99, 3 * GIB)).toBe(16);
  expect(panelBlocksOf([MEMORY, { kind: "scaled", source: FILE, factor: 2 }], 99)).toBe(16);
  expect(panelBlocksOf(files(100), 3)).toBe(3);
});

test("of more than fit the reads are shorter, down to a block", () => {
  expect(panelBlocksOf(files(1_024), 99, GIB)).toBe(16);
  expect(panelBlocksOf(files(1_025), 99, GIB)).toBe(15);
  expect(panelBlocksOf(files(4_096), 99, GIB)).toBe(4);
  expect(panelBlocksOf(files(100_000), 99, GIB)).toBe(1);
});

test("panels of all threads are a gibibyte at most, or one panel", () => {
  const threads = (count: number, panelBlocks: number) => threadsWithPanel({ sources: files(count), panelBlocks }, 8);
  expect(threads(100, 16)).toBe(8);
  expect(threads(128, 16)).toBe(8);
  expect(threads(129, 16)).toBe(7);
  expect(threads(512, 16)).toBe(2);
  expect(threads(513, 16)).toBe(1);
  expect(threads(3_072, 16)).toBe(1);
  expect(threads(3_072, 1)).toBe(5);
  expect(threadsWithPanel({ sources: new Array<RowSource>(4_096).fill(MEMORY), panelBlocks: 1 }, 8)).toBe(8);
});
