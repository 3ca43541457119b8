import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inFolder } from "../../../core/files/faulty-files.contract.ts";
import { bytesOf } from "../../../core/tensors/digest.ts";
import { digestsOfBlocks } from "../../../core/vector/block-digests.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { RowSource } from "./engine.ts";
import { readRow } from "./read-row.ts";

const row = Float32Array.from({ length: 50 }, (_, i) => Math.sqrt(i) - 3);

/** The part of a row, read between two values that must stay what they are. */
function part(source: RowSource, start: number, end: number): Float32Array {
  const into = new Float32Array(end - start + 2).fill(99);
  readRow(source, start, into.subarray(1, 1 + end - start));
  expect([into[0], into[into.length - 1]]).toEqual([99, 99]);
  return into.slice(1, -1);
}

test("any part of a file or of memory is that part of the row, at any alignment", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    writeFileSync(path, Buffer.concat([Buffer.alloc(3), bytesOf(row), Buffer.alloc(5)]));
    const file: RowSource = { kind: "file", path, offset: 3, sizeBytes: row.byteLength };
    const memory: RowSource = { kind: "memory", values: row };
    fc.assert(
      fc.property(fc.nat(row.length), fc.nat(row.length), (a, b) => {
        const [start, end] = a < b ? [a, b] : [b, a];
        expect(part(file, start, end)).toEqual(row.slice(start, end));
        expect(part(memory, start, end)).toEqual(row.slice(start, end));
        expect(part({ kind: "zero" }, start, end)).toEqual(new Float32Array(end - start));
        const scaled = part({ kind: "scaled", source: file, factor: 0.1 }, start, end);
        expect(scaled).toEqual(row.slice(start, end).map((value) => value * 0.1));
      }),
    );
  }));

test("a file that is missing or ends before its row does is an error that names it, not zeros", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    const file: RowSource = { kind: "file", path, offset: 8, sizeBytes: row.byteLength };
    const unreadable = { code: "STORAGE_FAILED", message: expect.stringContaining(path) };
    expect(() => part(file, 0, 1)).toThrow(expect.objectContaining(unreadable));
    writeFileSync(path, bytesOf(row));
    expect(part(file, 0, row.length - 2)).toEqual(row.slice(2));
    expect(() => part(file, 40, row.length)).toThrow(/the file ends at byte 200/);
  }));

test("whole blocks of a file that has their digests are what they were, or an error that names the file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    const long = Float32Array.from({ length: 2 * BLOCK_LENGTH + 5 }, (_, i) => Math.sqrt(i));
    const blockDigests = Buffer.concat([...digestsOfBlocks(bytesOf(long))]);
    const file: RowSource = { kind: "file", path, offset: 3, sizeBytes: long.byteLength, blockDigests };
    const bytes = Buffer.concat([Buffer.alloc(3), bytesOf(long)]);
    writeFileSync(path, bytes);
    expect(part(file, 0, long.length)).toEqual(long);
    expect(part(file, BLOCK_LENGTH, long.length)).toEqual(long.slice(BLOCK_LENGTH));
    bytes[bytes.length - 1] = 0;
    writeFileSync(path, bytes);
    const changed = { code: "PAYLOAD_DIGEST_MISMATCH", message: expect.stringContaining(path) };
    expect(part(file, 0, 2 * BLOCK_LENGTH)).toEqual(long.slice(0, 2 * BLOCK_LENGTH));
    expect(() => part(file, 2 * BLOCK_LENGTH, long.length)).toThrow(expect.objectContaining(changed));
    expect(() => part({ kind: "scaled", source: file, factor: 2 }, BLOCK_LENGTH, long.length)).toThrow(
      expect.objectContaining(changed),
    );
  }));

test("coordinates beyond the row are refused, even where the file goes on", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    writeFileSync(path, bytesOf(row));
    const beyond = expect.objectContaining({ code: "PAYLOAD_LENGTH_MISMATCH" });
    expect(() => part({ kind: "file", path, offset: 0, sizeBytes: 40 }, 9, 11)).toThrow(beyond);
    expect(() => part({ kind: "memory", values: row }, 49, 51)).toThrow(beyond);
  }));
