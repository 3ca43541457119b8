import nodeFiles, { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FederationError } from "../errors.ts";
import { DurableDisk } from "./durable-write.ts";
import { type Faults, faultyFiles, inFolder } from "./faulty-files.contract.ts";

const text = (content: string) => Buffer.from(content);

test("parts become one file in a folder that need not exist", () =>
  inFolder(async (folder) => {
    const path = join(folder, "new", "file");
    await new DurableDisk().write(path, [text("one "), text(""), text("two")]);
    expect(await readFile(path, "utf8")).toBe("one two");
    expect(await readdir(join(folder, "new"))).toEqual(["file"]);
  }));

test.each<[string, Faults, string]>([
  ["a full disk", { freeBytes: 3 }, "DISK_FULL"],
  ["a disk found full by fsync", { syncFailsWith: "ENOSPC" }, "DISK_FULL"],
  ["a failing fsync", { syncFailsWith: "EIO" }, "STORAGE_FAILED"],
])("%s leaves the older file as it was, and nothing beside it", (_, faults, code) =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    await new DurableDisk().write(path, [text("older")]);
    const disk = new DurableDisk(faultyFiles(faults));
    await expect(disk.write(path, [text("newer")])).rejects.toMatchObject({ code });
    expect(await readFile(path, "utf8")).toBe("older");
    expect(await readdir(folder)).toEqual(["file"]);
  }),
);

test("what is written over the beginning of an open file is there at once, and nothing of it when the disk fails", () =>
  inFolder(async (folder) => {
    const path = join(folder, "place");
    const calls: string[] = [];
    const faults: Faults = {};
    const disk = new DurableDisk(faultyFiles(faults, calls));
    await disk.write(path, []);
    const file = await disk.files.open(path, "r+");
    calls.length = 0;
    await disk.overwrite(file, [text("one "), text("two")]);
    expect(calls).toEqual([`datasync ${path}`]);
    expect(await readFile(path, "utf8")).toBe("one two");
    for (const [fault, code] of [
      [{ freeBytes: 2 }, "DISK_FULL"],
      [{ syncFailsWith: "ENOSPC" }, "DISK_FULL"],
      [{ syncFailsWith: "EIO" }, "STORAGE_FAILED"],
    ] as const) {
      Object.assign(faults, fault);
      await expect(disk.overwrite(file, [text("three")])).rejects.toMatchObject({ code });
      expect(await readFile(path, "utf8")).toBe("");
      delete faults.freeBytes;
      delete faults.syncFailsWith;
    }
    await file.close();
    await expect(disk.write(path, [])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  }));

test("a disk that had room again is used; one whose fsync failed never is", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    const faults: Faults = { freeBytes: 0 };
    const told: FederationError[] = [];
    const disk = new DurableDisk(faultyFiles(faults), (error) => told.push(error));
    await expect(disk.write(path, [text("x")])).rejects.toMatchObject({ code: "DISK_FULL" });
    delete faults.freeBytes;
    await disk.write(path, [text("x")]);
    faults.syncFailsWith = "ENOSPC";
    await expect(disk.confirm(path)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(told).toEqual([]);
    faults.syncFailsWith = "EIO";
    await expect(disk.confirm(path)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    faults.syncFailsWith = undefined;
    await expect(disk.confirm(path)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await expect(disk.write(path, [text("y")])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await readFile(path, "utf8")).toBe("x");
    expect(told).toMatchObject([{ code: "STORAGE_FAILED" }]);
  }));

test.skipIf(process.platform === "win32")("a file and the folder made for it are their owner's alone", () =>
  inFolder(async (folder) => {
    const path = join(folder, "new", "file");
    await new DurableDisk().write(path, [text("x")]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
  }),
);

test.skipIf(process.platform === "win32")("of two fsyncs that fail together one is told", () =>
  inFolder(async (folder) => {
    let numSyncing = 0;
    let failBoth = () => {};
    const bothSyncing = new Promise<void>((resolve) => {
      failBoth = resolve;
    });
    const open = async (...path: Parameters<typeof nodeFiles.open>) => {
      const file = await nodeFiles.open(...path);
      file.sync = async () => {
        if (++numSyncing === 2) failBoth();
        await bothSyncing;
        throw Object.assign(new Error("simulated"), { code: "EIO" });
      };
      return file;
    };
    const told: FederationError[] = [];
    const disk = new DurableDisk({ ...nodeFiles, open }, (error) => told.push(error));
    await Promise.allSettled([disk.syncFolder(folder), disk.syncFolder(folder)]);
    expect(told).toMatchObject([{ code: "STORAGE_FAILED" }]);
  }),
);

test("what is neither room nor quota is STORAGE_FAILED and does not stop the disk", () =>
  inFolder(async (folder) => {
    const disk = new DurableDisk();
    await disk.write(join(folder, "file"), [text("x")]);
    const below = join(folder, "file", "below");
    await expect(disk.write(below, [text("y")])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await disk.write(join(folder, "other"), [text("z")]);
  }));
