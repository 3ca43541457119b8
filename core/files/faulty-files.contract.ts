import nodeFiles, { type FileHandle, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileSystem } from "./durable-write.ts";

/** What a disk may do to us. The fields may change while files are open. */
export interface Faults {
  /** Bytes it still takes before ENOSPC; like a real disk it takes what fits first. */
  freeBytes?: number;
  /** At most this much of one write is taken. */
  maxWriteBytes?: number;
  /** What fsync of a file or folder fails with. */
  syncFailsWith?: "EIO" | "ENOSPC" | undefined;
}

/** The real file system with faults, and a record of the calls whose order durability hangs on. */
export function faultyFiles(faults: Faults, calls: string[] = []): FileSystem {
  return {
    ...nodeFiles,
    open: async (path, ...rest) => faulty(await nodeFiles.open(path, ...rest), String(path), faults, calls),
    rename: async (from, to) => {
      await nodeFiles.rename(from, to);
      calls.push(`rename ${to}`);
    },
  };
}

function faulty(file: FileHandle, path: string, faults: Faults, calls: string[]): FileHandle {
  const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
    if (length > 0 && faults.freeBytes === 0) throw failure("ENOSPC");
    const taken = Math.min(length, faults.freeBytes ?? length, faults.maxWriteBytes ?? length);
    if (faults.freeBytes !== undefined) faults.freeBytes -= taken;
    return await file.write(bytes, offset, taken, position);
  };
  const syncing = (name: "sync" | "datasync") => async () => {
    if (faults.syncFailsWith !== undefined) throw failure(faults.syncFailsWith);
    await file[name]();
    calls.push(`${name} ${path}`);
  };
  return new Proxy(file, {
    get: (target, name) => {
      if (name === "write") return write;
      if (name === "sync" || name === "datasync") return syncing(name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** A folder of its own for one test. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-blobs-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
