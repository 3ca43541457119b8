import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import { memoryRowSource, openRowSource } from "./row-sources.ts";

const numCoordinates = 50;
const row = Float32Array.from({ length: numCoordinates }, (_, i) => Math.fround(Math.sqrt(i) - 3));

test("any tile of a file or of bytes in memory is that part of the row, at any alignment", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    const unaligned = Buffer.concat([Buffer.alloc(3), bytesOf(row), Buffer.alloc(5)]);
    await writeFile(path, unaligned);
    const file = await openRowSource({ path, offset: 3, sizeBytes: 4 * numCoordinates });
    const memory = memoryRowSource(unaligned.subarray(3, 3 + 4 * numCoordinates));
    expect([file.numCoordinates, memory.numCoordinates]).toEqual([numCoordinates, numCoordinates]);

    await fc.assert(
      fc.asyncProperty(fc.nat(numCoordinates), fc.nat(numCoordinates), async (a, b) => {
        const [start, end] = a < b ? [a, b] : [b, a];
        for (const source of [file, memory]) {
          const into = new Float32Array(end - start + 2).fill(99);
          await source.read(start, into.subarray(1, 1 + end - start));
          expect([...into]).toEqual([99, ...row.subarray(start, end), 99]);
        }
      }),
    );
    await file.close();
  }));

test("coordinates beyond the row are refused, even where the file goes on", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    await writeFile(path, Buffer.concat([bytesOf(row), Buffer.alloc(100)]));
    const file = await openRowSource({ path, offset: 0, sizeBytes: 4 * numCoordinates });
    for (const source of [file, memoryRowSource(bytesOf(row))]) {
      await expect(source.read(numCoordinates - 1, new Float32Array(2))).rejects.toMatchObject({ code: "INTERNAL" });
      await expect(source.read(-1, new Float32Array(1))).rejects.toMatchObject({ code: "INTERNAL" });
    }
    await file.close();
  }));

test("a file that is missing, cut short or of broken floats is an error, not zeros", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    await expect(openRowSource({ path, offset: 0, sizeBytes: 8 })).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await writeFile(path, bytesOf(row).subarray(0, 10));
    const file = await openRowSource({ path, offset: 0, sizeBytes: 4 * numCoordinates });
    await expect(file.read(0, new Float32Array(4))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await file.close();
    await expect(openRowSource({ path, offset: 0, sizeBytes: 7 })).rejects.toMatchObject({
      code: "PAYLOAD_LENGTH_MISMATCH",
    });
    expect(() => memoryRowSource(new Uint8Array(7))).toThrow(
      expect.objectContaining({ code: "PAYLOAD_LENGTH_MISMATCH" }),
    );
  }));

test("a payload of several slices is hashed when it opens; one flipped bit at rest is an error that names the file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "row");
    const long = Float32Array.from({ length: 600_000 }, (_, i) => i);
    const bytes = Buffer.concat([Buffer.alloc(3), bytesOf(long), Buffer.alloc(5)]);
    const payload = { path, offset: 3, sizeBytes: 4 * long.length };
    await writeFile(path, bytes);
    const file = await openRowSource(payload, payloadDigest(long));
    const last = new Float32Array(1);
    await file.read(long.length - 1, last);
    expect([...last]).toEqual([long.length - 1]);
    await file.close();

    const changed = { code: "PAYLOAD_DIGEST_MISMATCH", message: expect.stringContaining(path) };
    for (const at of [3, 3 + 4 * long.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 1;
      await writeFile(path, flipped);
      await expect(openRowSource(payload, payloadDigest(long))).rejects.toMatchObject(changed);
    }
    await writeFile(path, bytes.subarray(0, 100));
    await expect(openRowSource(payload, payloadDigest(long))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  }));
