import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../core/crypto/sha256.ts";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { BlobStore } from "./blob-store.ts";

export const schema: TensorSchema = [
  { name: "kernel", shape: [2, 3] },
  { name: "bias", shape: [3] },
];
export const values = Float32Array.of(1, -2, 3.5, 0, 1e-40, 6, 7, 8, -0);
export const payload = bytesOf(values);

export async function bytesIn({ path, offset, sizeBytes }: PayloadFile): Promise<number[]> {
  return [...(await readFile(path)).subarray(offset, offset + sizeBytes)];
}

/** Every implementation passes the same promises. */
export function describeBlobStore(name: string, open: (folder: string) => Promise<BlobStore>) {
  const withStore = (use: (store: BlobStore) => Promise<void>) => inFolder(async (folder) => use(await open(folder)));

  describe(`${name} keeps a blob store's promises`, () => {
    test("tensors are found under the SHA-256 of their raw values, and their file holds those", () =>
      withStore(async (store) => {
        const digest = await store.putTensors(schema, values);
        expect(digest).toBe(payloadDigest(values));
        expect(await store.has(digest)).toBe(true);
        expect([...(await store.read(digest))]).toEqual([...payload]);
        const file = await store.locate(digest);
        expect(file.sizeBytes).toBe(payload.length);
        expect(await bytesIn(file)).toEqual([...payload]);
      }));

    test("plain bytes, of any length, under their SHA-256", () =>
      withStore(async (store) => {
        for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
          const digest = await store.putBytes(bytes);
          expect(digest).toBe(sha256(bytes));
          expect([...(await store.read(digest))]).toEqual([...bytes]);
          expect(await bytesIn(await store.locate(digest))).toEqual([...bytes]);
        }
      }));

    test("what is there already may be put again", () =>
      withStore(async (store) => {
        const digest = await store.putTensors(schema, values);
        expect(await store.putTensors(schema, values)).toBe(digest);
        expect(await store.putBytes(payload)).toBe(digest);
        expect([...(await store.read(digest))]).toEqual([...payload]);
      }));

    test("a blob that is unknown or deleted is BLOB_UNKNOWN", () =>
      withStore(async (store) => {
        const digest = await store.putTensors(schema, values);
        await store.delete(digest);
        await store.delete(digest);
        expect(await store.has(digest)).toBe(false);
        await expect(store.locate(digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
        await expect(store.read(digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
      }));

    test("values that are not the schema's are refused", () =>
      withStore(async (store) => {
        await expect(store.putTensors(schema, new Float32Array(8))).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      }));

    test("an upload in any chunks, broken off anywhere, arrives as it was sent", async () => {
      const cuts = fc.array(fc.record({ length: fc.integer({ min: 1, max: 20 }), broken: fc.boolean() }));
      await fc.assert(
        fc.asyncProperty(cuts, (chunks) =>
          withStore(async (store) => {
            let spool = await store.openSpool("upload", schema, payload.length);
            for (const { length, broken } of [...chunks, { length: payload.length, broken: false }]) {
              const offset = spool.offset;
              await spool.write(payload.subarray(offset, offset + length));
              expect(spool.offset).toBe(Math.min(offset + length, payload.length));
              expect(spool.digest()).toBe(sha256(payload.subarray(0, spool.offset)));
              if (!broken) continue;
              await spool.suspend();
              spool = await store.openSpool("upload", schema, payload.length);
            }
            expect(await bytesIn(spool.file())).toEqual([...payload]);
            const digest = await spool.adopt();
            expect(digest).toBe(sha256(payload));
            expect([...(await store.read(digest))]).toEqual([...payload]);
          }),
        ),
        { numRuns: 15 },
      );
    });

    test("what was written stays when the writer uses its chunk again", () =>
      withStore(async (store) => {
        const spool = await store.openSpool("key", schema, payload.length);
        const chunk = new Uint8Array(payload);
        await spool.write(chunk);
        chunk.fill(0);
        const digest = await spool.adopt();
        expect(digest).toBe(sha256(payload));
        expect([...(await store.read(digest))]).toEqual([...payload]);
      }));

    test("bytes beyond the size are refused and change nothing", () =>
      withStore(async (store) => {
        const spool = await store.openSpool("upload", schema, payload.length);
        await spool.write(payload.subarray(0, 30));
        await expect(spool.write(new Uint8Array(7))).rejects.toMatchObject({ code: "CHUNK_INVALID" });
        expect(spool.offset).toBe(30);
        expect(spool.digest()).toBe(sha256(payload.subarray(0, 30)));
        await spool.discard();
      }));

    test("an incomplete upload is not adopted", () =>
      withStore(async (store) => {
        const spool = await store.openSpool("upload", schema, payload.length);
        await spool.write(payload.subarray(0, 30));
        await expect(spool.adopt()).rejects.toMatchObject({ code: "PAYLOAD_LENGTH_MISMATCH" });
        await spool.write(payload.subarray(30));
        expect(await store.has(await spool.adopt())).toBe(true);
      }));

    test("keys do not share bytes; a discarded upload begins anew, as does one of another schema", () =>
      withStore(async (store) => {
        const spool = await store.openSpool("../one", schema, payload.length);
        await spool.write(payload.subarray(0, 8));
        const other = await store.openSpool("../two", schema, payload.length);
        expect(other.offset).toBe(0);
        await other.write(payload);
        expect(await other.adopt()).toBe(sha256(payload));

        await spool.discard();
        const again = await store.openSpool("../one", schema, payload.length);
        expect(again.offset).toBe(0);
        await again.write(payload.subarray(0, 8));
        await again.suspend();
        const transposed = await store.openSpool(
          "../one",
          [{ name: "kernel", shape: [3, 2] }, ...schema.slice(1)],
          payload.length,
        );
        expect(transposed.offset).toBe(0);
        await transposed.discard();
      }));

    test("an upload discarded by its key begins anew, and its stream finds it closed", () =>
      withStore(async (store) => {
        await store.discardSpool("upload");
        for (const suspended of [true, false]) {
          const spool = await store.openSpool("upload", schema, payload.length);
          expect(spool.offset).toBe(0);
          await spool.write(payload.subarray(0, 8));
          if (suspended) await spool.suspend();
          await store.discardSpool("upload");
          await expect(spool.write(payload.subarray(8))).rejects.toMatchObject({ code: "CHUNK_INVALID" });
        }
        const again = await store.openSpool("upload", schema, payload.length);
        expect(again.offset).toBe(0);
        await again.discard();
      }));

    test("a sweep leaves alone what is newer and what is in progress", () =>
      withStore(async (store) => {
        const spool = await store.openSpool("upload", schema, payload.length);
        await spool.write(payload.subarray(0, 8));
        await store.sweepSpools(Number.MAX_SAFE_INTEGER);
        await spool.suspend();
        await store.sweepSpools(0);
        const again = await store.openSpool("upload", schema, payload.length);
        expect(again.offset).toBe(8);
        await again.discard();
      }));

    test("a newer stream takes an upload over; the older one can neither write nor delete", () =>
      withStore(async (store) => {
        const older = await store.openSpool("upload", schema, payload.length);
        await older.write(payload.subarray(0, 8));
        const writing = older.write(payload.subarray(8, 16));
        const newer = await store.openSpool("upload", schema, payload.length);
        await writing;
        expect(newer.offset).toBe(16);

        await expect(older.write(payload.subarray(16))).rejects.toMatchObject({ code: "CHUNK_INVALID" });
        await expect(older.adopt()).rejects.toMatchObject({ code: "CHUNK_INVALID" });
        await older.discard();
        await older.suspend();
        await newer.write(payload.subarray(16));
        expect(await newer.adopt()).toBe(sha256(payload));
      }));
  });
}
