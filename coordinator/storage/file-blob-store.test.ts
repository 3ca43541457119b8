import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { FederationError } from "../../core/errors.ts";
import { type Faults, faultyFiles, inFolder } from "../../core/files/faulty-files.contract.ts";
import { readSafetensors } from "../../core/tensors/safetensors.ts";
import { bytesIn, describeBlobStore, payload, schema, values } from "./blob-store.contract.ts";
import { openFileBlobStore } from "./file-blob-store.ts";

describeBlobStore("openFileBlobStore", (folder) => openFileBlobStore(folder));
describeBlobStore("openFileBlobStore on a disk of short writes", (folder) =>
  openFileBlobStore(folder, { files: faultyFiles({ maxWriteBytes: 5 }) }),
);

/** Every file under the folder, whatever it is called. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const onFaultyDisk = (use: (folder: string, faults: Faults) => Promise<void>) => inFolder((folder) => use(folder, {}));

test("a blob is a safetensors file, whether it was put or uploaded", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const put = await store.locate(await store.putTensors(schema, values));
    expect(put.path).toBe(join(folder, sha256(payload).slice(0, 2), `${sha256(payload)}.safetensors`));
    expect(await readSafetensors(put.path)).toMatchObject({ schema, values });
    const bytes = await readFile(put.path);

    await store.delete(sha256(payload));
    const spool = await store.openSpool("upload", schema, payload.length);
    await spool.write(payload);
    await spool.adopt();
    expect(await readFile(put.path)).toEqual(bytes);
    expect(await filesIn(folder)).toEqual([put.path]);
  }));

test("blobs outlive the process that wrote them", () =>
  inFolder(async (folder) => {
    const digest = await (await openFileBlobStore(folder)).putTensors(schema, values);
    const again = await openFileBlobStore(folder);
    expect([...(await again.read(digest))]).toEqual([...payload]);
  }));

test("an upload that a crash broke off goes on where its file ends, hashed anew", () =>
  inFolder(async (folder) => {
    const crashed = await (await openFileBlobStore(folder)).openSpool("upload", schema, payload.length);
    await crashed.write(payload.subarray(0, 13));

    const store = await openFileBlobStore(folder);
    const spool = await store.openSpool("upload", schema, payload.length);
    expect(spool.offset).toBe(13);
    expect(spool.digest()).toBe(sha256(payload.subarray(0, 13)));
    await spool.write(payload.subarray(13));
    expect(await spool.adopt()).toBe(sha256(payload));
    await crashed.suspend();
  }));

test("a spool cut off in its header, or longer than its upload, begins anew", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const path = join(folder, "spools", `${sha256("upload")}.spool`);
    for (const found of [Buffer.alloc(3), Buffer.alloc(5000)]) {
      await writeFile(path, found);
      const spool = await store.openSpool("upload", schema, payload.length);
      expect(spool.offset).toBe(0);
      await spool.write(payload);
      expect(await bytesIn(spool.file())).toEqual([...payload]);
      await spool.discard();
    }
    expect(await filesIn(folder)).toEqual([]);
  }));

test("the file is synced before its rename and the folder after it", () =>
  inFolder(async (folder) => {
    const calls: string[] = [];
    const store = await openFileBlobStore(folder, { files: faultyFiles({}, calls) });
    const path = join(folder, sha256(payload).slice(0, 2), `${sha256(payload)}.safetensors`);
    calls.length = 0;
    await store.putTensors(schema, values);
    const temporary = expect.stringMatching(/^sync .*\.tmp$/);
    expect(calls).toEqual([`sync ${folder}`, temporary, `rename ${path}`, `sync ${dirname(path)}`]);

    // found, but perhaps renamed by a process that crashed before its last sync
    calls.length = 0;
    await store.putTensors(schema, values);
    expect(calls).toEqual([`sync ${dirname(path)}`]);

    const spool = await store.openSpool("upload", schema, payload.length);
    await spool.write(payload);
    calls.length = 0;
    await spool.adopt();
    expect(calls).toEqual([`sync ${spool.file().path}`, `rename ${path}`, `sync ${dirname(path)}`]);
  }));

test("a full disk refuses the blob, leaves nothing behind and loses nothing", () =>
  onFaultyDisk(async (folder, faults) => {
    const store = await openFileBlobStore(folder, { files: faultyFiles(faults) });
    const safe = await store.putBytes(Uint8Array.of(1));
    const before = await filesIn(folder);

    faults.freeBytes = 40;
    await expect(store.putTensors(schema, values)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await filesIn(folder)).toEqual(before);
    faults.freeBytes = 40;
    await expect(store.openSpool("upload", schema, payload.length)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await filesIn(folder)).toEqual(before);

    delete faults.freeBytes;
    expect([...(await store.read(safe))]).toEqual([1]);
    expect(await store.has(await store.putTensors(schema, values))).toBe(true);
  }));

test("an upload that met a full disk goes on from its offset when there is room again", () =>
  onFaultyDisk(async (folder, faults) => {
    const store = await openFileBlobStore(folder, { files: faultyFiles(faults) });
    const spool = await store.openSpool("upload", schema, payload.length);
    await spool.write(payload.subarray(0, 10));
    faults.freeBytes = 5;
    await expect(spool.write(payload.subarray(10))).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(spool.offset).toBe(10);
    expect(spool.digest()).toBe(sha256(payload.subarray(0, 10)));

    delete faults.freeBytes;
    await spool.write(payload.subarray(10));
    expect(await spool.adopt()).toBe(sha256(payload));
  }));

test("a disk found full by fsync takes the upload away: its pages may be gone while they count as clean", () =>
  onFaultyDisk(async (folder, faults) => {
    const store = await openFileBlobStore(folder, { files: faultyFiles(faults) });
    const spool = await store.openSpool("upload", schema, payload.length);
    await spool.write(payload);
    faults.syncFailsWith = "ENOSPC";
    await expect(spool.adopt()).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await filesIn(folder)).toEqual([]);

    faults.syncFailsWith = undefined;
    const again = await store.openSpool("upload", schema, payload.length);
    expect(again.offset).toBe(0);
    await again.write(payload);
    expect(await store.has(await again.adopt())).toBe(true);
  }));

test("an fsync that fails otherwise is the end: nothing more is written, what is there can be read", () =>
  onFaultyDisk(async (folder, faults) => {
    const store = await openFileBlobStore(folder, { files: faultyFiles(faults) });
    const safe = await store.putBytes(Uint8Array.of(1));
    const before = await filesIn(folder);
    const spool = await store.openSpool("upload", schema, payload.length);
    await spool.write(payload);

    faults.syncFailsWith = "EIO";
    const failed = { code: "STORAGE_FAILED" };
    await expect(store.putTensors(schema, values)).rejects.toMatchObject(failed);
    faults.syncFailsWith = undefined;
    await expect(store.putTensors(schema, values)).rejects.toMatchObject(failed);
    await expect(spool.adopt()).rejects.toMatchObject(failed);
    await expect(store.openSpool("upload", schema, payload.length)).rejects.toMatchObject(failed);
    expect(await filesIn(folder)).toEqual(before);
    expect([...(await store.read(safe))]).toEqual([1]);
  }));

test("a blob that changed on disk is not read", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const digest = await store.putTensors(schema, values);
    const { path } = await store.locate(digest);
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(path, bytes);
    await expect(store.read(digest)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  }));

test("what a crash left half-written is cleared away by the next opening", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const { path } = await store.locate(await store.putTensors(schema, values));
    await writeFile(`${path}.0b5f.tmp`, "half of it");
    await openFileBlobStore(folder);
    expect(await filesIn(folder)).toEqual([path]);
  }));

test("a sweep deletes suspended uploads of old, not those in progress", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const spools = [];
    for (const key of ["old", "recent", "in progress"]) {
      const spool = await store.openSpool(key, schema, payload.length);
      await spool.write(payload.subarray(0, 4));
      if (key !== "in progress") await spool.suspend();
      if (key !== "recent") await utimes(spool.file().path, 1000, 1000);
      spools.push(spool);
    }
    await store.sweepSpools(2_000_000);
    expect((await filesIn(folder)).sort()).toEqual(
      spools
        .slice(1)
        .map((spool) => spool.file().path)
        .sort(),
    );
    await spools[2]?.discard();
    await store.sweepSpools(2_000_000);
    expect(await filesIn(folder)).toEqual([spools[1]?.file().path]);
  }));

test("a suspended upload is discarded by its key, after a restart too", () =>
  inFolder(async (folder) => {
    const spool = await (await openFileBlobStore(folder)).openSpool("upload", schema, payload.length);
    await spool.write(payload.subarray(0, 13));
    await spool.suspend();
    const store = await openFileBlobStore(folder);
    await store.discardSpool("another");
    expect(await filesIn(folder)).toEqual([spool.file().path]);
    await store.discardSpool("upload");
    expect(await filesIn(folder)).toEqual([]);
  }));

test("an upload that begins while its file is discarded or swept keeps its own file", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    for (const removing of [() => store.discardSpool("upload"), () => store.sweepSpools(Number.MAX_SAFE_INTEGER)]) {
      await (await store.openSpool("upload", schema, payload.length)).suspend();
      const [spool] = await Promise.all([store.openSpool("upload", schema, payload.length), removing()]);
      await spool.suspend();
      const [, newer] = await Promise.all([removing(), store.openSpool("upload", schema, payload.length)]);
      await newer.write(payload);
      expect(await store.has(await newer.adopt())).toBe(true);
    }
  }));

test.skipIf(process.platform === "win32")("files and folders are their owner's alone", () =>
  inFolder(async (folder) => {
    const blobs = join(folder, "blobs");
    const store = await openFileBlobStore(blobs);
    const { path } = await store.locate(await store.putTensors(schema, values));
    const spool = await store.openSpool("upload", schema, payload.length);
    const modeOf = async (at: string) => (await stat(at)).mode & 0o777;
    for (const made of [blobs, dirname(path), join(blobs, "spools")]) expect(await modeOf(made)).toBe(0o700);
    for (const made of [path, spool.file().path]) expect(await modeOf(made)).toBe(0o600);
    await spool.discard();
  }),
);

test("the first fsync that fails is told at once, and only once; a full disk is not", () =>
  onFaultyDisk(async (folder, faults) => {
    const told: string[] = [];
    const onFailure = ({ code }: FederationError) => told.push(code);
    const store = await openFileBlobStore(folder, { files: faultyFiles(faults), onFailure });
    faults.syncFailsWith = "ENOSPC";
    await expect(store.putTensors(schema, values)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(told).toEqual([]);
    faults.syncFailsWith = "EIO";
    await Promise.allSettled([store.putTensors(schema, values), store.putBytes(payload.subarray(1))]);
    await expect(store.putTensors(schema, values)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(told).toEqual(["STORAGE_FAILED"]);
  }));
