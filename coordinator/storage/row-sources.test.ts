import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import { digestsOfBlocks } from "../../core/vector/block-digests.ts";
import { fileRow, loadVerified, memoryRow, slicesOf } from "./row-sources.ts";

/** Several slices. */
const row = Float32Array.from({ length: 600_000 }, (_, i) => Math.sqrt(i) - 3);
const BEFORE = 3;
const bytes = Buffer.concat([Buffer.alloc(BEFORE), bytesOf(row), Buffer.alloc(5)]);
const payloadAt = (path: string) => ({ path, offset: BEFORE, sizeBytes: row.byteLength });

test("a verified payload is a row in its file, or fills a row in memory", () =>
  inFolder(async (folder) => {
    const payload = payloadAt(join(folder, "row"));
    await writeFile(payload.path, bytes);
    const blockDigests = new Uint8Array(Buffer.concat([...digestsOfBlocks(bytesOf(row))]));
    expect(await fileRow(payload, payloadDigest(row))).toEqual({ kind: "file", ...payload, blockDigests });
    const values = new Float32Array(row.length);
    await loadVerified(payload, payloadDigest(row), values);
    expect(Buffer.compare(bytesOf(values), bytesOf(row))).toBe(0);
  }));

test("bytes in memory are copied to where threads share them, whatever their alignment", () => {
  const { values } = memoryRow(bytes.subarray(BEFORE, BEFORE + 40));
  expect(values.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect([...values]).toEqual([...row.subarray(0, 10)]);
});

test("a payload that its store has in memory is a row where it lies", async () => {
  const payload = { bytes: bytesOf(row), path: "nowhere", offset: 0, sizeBytes: row.byteLength };
  const source = await fileRow(payload, payloadDigest(row));
  expect(source).toMatchObject({ kind: "memory" });
  expect(source.kind === "memory" && source.values.buffer).toBe(row.buffer);
});

test("slices are the payload from its beginning to its end, none above a mebibyte", () =>
  inFolder(async (folder) => {
    const payload = payloadAt(join(folder, "row"));
    await writeFile(payload.path, bytes);
    const slices: Buffer[] = [];
    for await (const slice of slicesOf(payload)) slices.push(Buffer.from(slice));
    expect(Math.max(...slices.map((slice) => slice.length))).toBe(1 << 20);
    expect(Buffer.compare(Buffer.concat(slices), bytesOf(row))).toBe(0);
  }));

test("one flipped bit at rest is an error that names the file", () =>
  inFolder(async (folder) => {
    const payload = payloadAt(join(folder, "row"));
    const changed = { code: "PAYLOAD_DIGEST_MISMATCH", message: expect.stringContaining(payload.path) };
    for (const at of [BEFORE, BEFORE + row.byteLength - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 1;
      await writeFile(payload.path, flipped);
      await expect(fileRow(payload, payloadDigest(row))).rejects.toMatchObject(changed);
      await expect(loadVerified(payload, payloadDigest(row), row.slice())).rejects.toMatchObject(changed);
    }
  }));

test("a file that is missing, cut short or of broken floats is an error, not zeros", () =>
  inFolder(async (folder) => {
    const payload = payloadAt(join(folder, "row"));
    const digest = payloadDigest(row);
    await expect(fileRow(payload, digest)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await writeFile(payload.path, bytes.subarray(0, 100));
    await expect(loadVerified(payload, digest, row.slice())).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    const broken = { code: "PAYLOAD_LENGTH_MISMATCH" };
    await expect(loadVerified(payload, digest, row.slice(1))).rejects.toMatchObject(broken);
    await expect(fileRow({ ...payload, sizeBytes: 7 }, digest)).rejects.toMatchObject(broken);
    expect(() => memoryRow(new Uint8Array(7))).toThrow(expect.objectContaining(broken));
  }));
