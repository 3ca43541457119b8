import { expect, test } from "vitest";
import { sha256 } from "../../core/crypto/sha256.ts";
import { describeBlobStore, payload, schema } from "./blob-store.contract.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";

describeBlobStore("memoryBlobStore", async (folder) => memoryBlobStore(folder));

test("bytes that are put are copied", async () => {
  const store = memoryBlobStore("/nowhere");
  const mine = Uint8Array.of(1, 2, 3);
  const digest = await store.putBytes(mine);
  mine[0] = 7;
  expect([...(await store.read(digest))]).toEqual([1, 2, 3]);
});

test("what was kept twice is there until it was deleted twice", async () => {
  const store = memoryBlobStore("/nowhere");
  const digest = await store.putBytes(payload);
  await store.putTensors(schema, new Float32Array(payload.slice().buffer));
  await store.delete(digest);
  expect(await store.read(digest)).toEqual(payload);
  await store.delete(digest);
  expect(await store.has(digest)).toBe(false);
  await store.putBytes(payload);
  await store.delete(digest);
  expect(await store.has(digest)).toBe(false);
});

test("the digest of an upload is that of what has come, whenever it is asked for", async () => {
  const spool = await memoryBlobStore("/nowhere").openSpool("upload", schema, payload.length);
  expect(spool.digest()).toBe(sha256(""));
  await spool.write(payload.subarray(0, 8));
  expect(spool.digest()).toBe(sha256(payload.subarray(0, 8)));
  await spool.write(payload.subarray(8));
  expect(spool.digest()).toBe(sha256(payload));
  expect(await spool.adopt()).toBe(sha256(payload));
});
