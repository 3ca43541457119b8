import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { FileSystem } from "../../core/files/durable-write.ts";
import { type Faults, faultyFiles, inFolder } from "../../core/files/faulty-files.contract.ts";
import { openFileBlobStore } from "./file-blob-store.ts";

const CHUNK = new Uint8Array(1 << 20).fill(3);
/** So many begin an early sync. */
const NUM_AHEAD = 16;

type OpenedFile = Awaited<ReturnType<FileSystem["open"]>>;

/** An upload of some chunks on a disk that may break: what the disk was asked for, and every file that was opened. */
async function onDisk(numChunks: number, use: (site: Awaited<ReturnType<typeof siteIn>>) => Promise<void>) {
  await inFolder(async (folder) => use(await siteIn(folder, numChunks)));
}

async function siteIn(folder: string, numChunks: number) {
  const faults: Faults = {};
  const calls: string[] = [];
  const opened: OpenedFile[] = [];
  const files = faultyFiles(faults, calls);
  const open = async (...how: Parameters<FileSystem["open"]>) => {
    const file = await files.open(...how);
    opened.push(file);
    return file;
  };
  const store = await openFileBlobStore(folder, { files: { ...files, open } });
  const schema = [{ name: "weights", shape: [numChunks, CHUNK.length / 4] }];
  const spool = await store.openSpool("upload", schema, numChunks * CHUNK.length);
  const write = async (count: number) => {
    for (let i = 0; i < count; i++) await spool.write(CHUNK);
  };
  const syncs = () => calls.filter((call) => call.includes("sync ") && call.endsWith(".spool"));
  const numOpen = () => opened.filter((file) => file.fd !== -1).length;
  const spools = () => readdir(join(folder, "spools"));
  return { faults, store, spool, write, syncs, numOpen, spools };
}

test("the disk works while a large upload streams, and its end is synced before it counts", () =>
  onDisk(40, async ({ store, spool, write, syncs, numOpen }) => {
    await write(40);
    const { path } = spool.file();
    const digest = await spool.adopt();
    expect(syncs().at(-1)).toBe(`sync ${path}`);
    expect(syncs().slice(0, -1)).toContain(`datasync ${path}`);
    expect(digest).toBe(sha256(...Array.from({ length: 40 }, () => CHUNK)));
    expect(await store.has(digest)).toBe(true);
    expect(numOpen()).toBe(0);
  }));

const failing = { ENOSPC: "DISK_FULL", EIO: "STORAGE_FAILED" } as const;
const ends = ["write", "adopt", "suspend", "discard"] as const;
const cases = (["ENOSPC", "EIO"] as const).flatMap((fault) => ends.map((end) => [fault, end] as const));

test.each(cases)("an early sync that fails with %s is not forgotten: %s gives the upload up", (fault, end) =>
  onDisk(end === "write" ? NUM_AHEAD + 1 : NUM_AHEAD, async ({ faults, spool, write, numOpen, spools }) => {
    const failed = { code: failing[fault] };
    faults.syncFailsWith = fault;
    await write(NUM_AHEAD);
    if (end === "write") {
      await setImmediate();
      await expect(spool.write(CHUNK)).rejects.toMatchObject(failed);
    }
    // the next fsync would succeed, without the pages that are gone
    faults.syncFailsWith = undefined;
    if (end === "adopt") await expect(spool.adopt()).rejects.toMatchObject(failed);
    else if (end === "discard") await spool.discard();
    else await spool.suspend();
    expect(await spools()).toEqual([]);
    expect(numOpen()).toBe(0);
  }),
);
