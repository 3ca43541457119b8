import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datasetDigest, readIdx, readIdxDataset, writeIdxImages, writeIdxLabels } from "./idx.ts";

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-idx-"));
  await writeIdxImages(at("images"), Uint8Array.from([0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6]), [2, 3]);
  await writeIdxLabels(at("labels"), Uint8Array.from([7, 2]));
});
afterAll(() => rm(folder, { recursive: true }));

test("what is written is read back: pixels scaled to 0..1, labels as they are", async () => {
  const dataset = await readIdxDataset(at("images"), at("labels"));
  expect(dataset).toMatchObject({ numExamples: 2, inputShape: [2, 3], numClasses: 8 });
  const { inputs, labels } = dataset.batch(Uint32Array.of(1, 0));
  expect([...labels]).toEqual([2, 7]);
  expect([...inputs.subarray(6)]).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1].map(Math.fround));
  expect(inputs[0]).toBe(Math.fround(1 / 255));
});

test("the header is that of the MNIST files: magic 0x00000803, then big-endian sizes", async () => {
  expect(await readIdx(at("images"))).toMatchObject({ shape: [2, 2, 3] });
  await writeFile(at("by-hand"), Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 9, 4]));
  expect(await readIdx(at("by-hand"))).toEqual({ shape: [2], values: Buffer.from([9, 4]) });
});

describe("a file of another kind is refused, with its path and what is wrong", () => {
  const cases: [string, Uint8Array, string][] = [
    ["empty", Uint8Array.of(), "not an IDX file"],
    ["text", Buffer.from("label,pixel0,pixel1\n"), "not an IDX file"],
    ["packed", gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)), "gzip-compressed"],
    ["floats", Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0), "IDX type 13"],
    ["no dimensions", Uint8Array.of(0, 0, 8, 0, 5), "ends inside its header"],
    ["cut header", Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1), "ends inside its header"],
    ["truncated", Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2), "has 10 bytes, its header (3) announces 11"],
    ["trailing", Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 1, 2), "has 10 bytes, its header (1) announces 9"],
    ["giant", Uint8Array.of(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1), "announces"],
  ];
  test.each(cases)("%s", async (name, bytes, reason) => {
    await writeFile(at(name), bytes);
    const refused = expect(readIdx(at(name))).rejects;
    await refused.toMatchObject({ code: "DATA_FILE_INVALID" });
    await expect(readIdx(at(name))).rejects.toThrow(`${at(name)}: `);
    await expect(readIdx(at(name))).rejects.toThrow(reason);
  });
});

test("a missing file is FILE_MISSING, a folder DATA_FILE_INVALID", async () => {
  await expect(readIdx(at("nowhere"))).rejects.toMatchObject({ code: "FILE_MISSING" });
  await expect(datasetDigest(at("images"), at("nowhere"))).rejects.toMatchObject({ code: "FILE_MISSING" });
  await expect(readIdx(folder)).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
});

test("images and labels that do not belong together are refused", async () => {
  await writeIdxLabels(at("one-label"), Uint8Array.of(1));
  await writeIdxLabels(at("no-labels"), Uint8Array.of());
  await writeIdxImages(at("no-images"), Uint8Array.of(), [2, 3]);
  await expect(readIdxDataset(at("images"), at("one-label"))).rejects.toThrow("2 images");
  await expect(readIdxDataset(at("labels"), at("images"))).rejects.toThrow("holds no images");
  await expect(readIdxDataset(at("images"), at("images"))).rejects.toThrow("holds no labels");
  await expect(readIdxDataset(at("no-images"), at("no-labels"))).rejects.toThrow("holds no examples");
});

test("the digest of a data set is over both files, images first", async () => {
  const [images, labels] = [Uint8Array.of(0, 0, 8, 1), Uint8Array.of(1)];
  await writeFile(at("a"), images);
  await writeFile(at("b"), labels);
  const hash = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  expect(await datasetDigest(at("a"), at("b"))).toBe(hash(hash(images), hash(labels)).toString("hex"));
  expect(await datasetDigest(at("b"), at("a"))).not.toBe(await datasetDigest(at("a"), at("b")));
});
