import { randomUUID } from "node:crypto";
import nodeFiles, { type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { FederationError } from "../errors.ts";
import { SLICE_BYTES, writeAll } from "./file-bytes.ts";

/** The part of node:fs/promises that storage uses: an argument, so that disks can be full and broken in tests. */
export type FileSystem = Pick<typeof nodeFiles, "mkdir" | "open" | "readdir" | "rename" | "rm" | "stat">;

/** What a file that is not complete yet is called, so that whoever opens the folder next can clear it away. */
export const TEMPORARY = ".tmp";

/**
 * Files that survive a power loss once the promise resolves: temporary file in the same folder, fsync, rename, fsync
 * of the folder. Whatever reads them sees the whole file or none. Files and folders are made for their owner alone.
 *
 * After an fsync that failed for anything but a full disk, every write is refused with STORAGE_FAILED and the process
 * must stop: the kernel may have dropped the dirty pages, so a second fsync would succeed without the data
 * (Rebello et al. 2020, "Can Applications Recover from fsync Failures?").
 */
export class DurableDisk {
  readonly files: FileSystem;
  /** Folders whose own name was synced since this process began. */
  readonly #knownFolders = new Set<string>();
  readonly #onFailure: ((error: FederationError) => void) | undefined;
  #failure: FederationError | undefined;

  /** `onFailure` is called once, when the first fsync failed for anything but a full disk. */
  constructor(files: FileSystem = nodeFiles, onFailure?: (error: FederationError) => void) {
    this.files = files;
    this.#onFailure = onFailure;
  }

  /**
   * Writes the parts one after the other as the file at `path`; its folder is made when it is missing.
   * @throws DISK_FULL, STORAGE_FAILED; then no part of it is left
   */
  async write(path: string, parts: readonly Uint8Array[]): Promise<void> {
    this.assertSound();
    const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
    try {
      await this.#makeFolder(dirname(path));
      const file = await this.files.open(temporary, "wx", 0o600);
      try {
        await writeParts(file, parts);
        await this.#sync(file);
      } finally {
        await file.close();
      }
      await this.#rename(temporary, path);
    } catch (cause) {
      await this.remove(temporary);
      throw storageError(cause, `cannot write ${path}`);
    }
  }

  /**
   * Writes the parts over what is in an open file, from its beginning: the cheapest way to durable bytes, but after a
   * crash half of them may be there, and the reader must be able to tell.
   * @throws DISK_FULL, STORAGE_FAILED; then the file is empty
   */
  async overwrite(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
    this.assertSound();
    try {
      await writeParts(file, parts);
      await this.#synced(() => file.datasync());
    } catch (cause) {
      await file.truncate().catch(() => undefined);
      throw storageError(cause, "cannot write over a file");
    }
  }

  /**
   * Moves a complete, open file to its durable place and closes it.
   * @throws DISK_FULL, STORAGE_FAILED; then no part of it is left
   */
  async publish(file: FileHandle, from: string, to: string): Promise<void> {
    try {
      try {
        await this.#sync(file);
      } finally {
        await file.close();
      }
      await this.#makeFolder(dirname(to));
      await this.#rename(from, to);
    } catch (cause) {
      // after a failed fsync its pages count as clean, so it must never be taken up again
      await this.remove(from);
      throw storageError(cause, `cannot move ${from} to ${to}`);
    }
  }

  /**
   * Makes the bytes of an open file durable while more of them come.
   * @throws DISK_FULL, STORAGE_FAILED; then the file must be given up: a later fsync would not tell
   */
  async syncAhead(file: FileHandle): Promise<void> {
    await this.#synced(() => file.datasync());
  }

  /** Makes sure of a file that was found: its writer may have crashed between the rename and the fsync of the folder. */
  async confirm(path: string): Promise<void> {
    await guarded(`sync the folder of ${path}`, async () => {
      await this.#makeFolder(dirname(path));
      await this.syncFolder(dirname(path));
    });
  }

  /** Makes the names in a folder durable. Windows has no such call: its NTFS journals them. */
  async syncFolder(folder: string): Promise<void> {
    if (process.platform === "win32") return;
    const handle = await this.files.open(folder, "r");
    try {
      await this.#sync(handle);
    } finally {
      await handle.close();
    }
  }

  /** Clears away what is no longer wanted, as well as the disk allows; a sweep gets what is left. */
  async remove(path: string): Promise<void> {
    await this.files.rm(path, { force: true }).catch(() => undefined);
  }

  /** @throws STORAGE_FAILED once an fsync has failed */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#knownFolders.has(folder)) return;
    await this.files.mkdir(folder, { recursive: true, mode: 0o700 });
    await this.syncFolder(dirname(folder));
    this.#knownFolders.add(folder);
  }

  async #rename(from: string, to: string): Promise<void> {
    await this.files.rename(from, to);
    await this.syncFolder(dirname(to));
  }

  #sync(file: FileHandle): Promise<void> {
    return this.#synced(() => file.sync());
  }

  async #synced(sync: () => Promise<void>): Promise<void> {
    this.assertSound();
    try {
      await sync();
    } catch (cause) {
      const error = storageError(cause, "fsync failed");
      if (error.code !== "DISK_FULL") this.#fail(error);
      throw error;
    }
  }

  #fail(error: FederationError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#onFailure?.(error);
  }
}

/** Small parts go to the disk together: each trip there costs more than the copy. */
async function writeParts(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  let position = 0;
  for (const part of sizeBytes <= SLICE_BYTES ? [Buffer.concat(parts)] : parts) {
    await writeAll(file, part, position);
    position += part.length;
  }
}

/** Does the work and says in our words what went wrong: DISK_FULL when space or quota ran out, else STORAGE_FAILED. */
export async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageError(cause, `cannot ${doing}`);
  }
}

export function storageError(cause: unknown, doing: string): FederationError {
  if (cause instanceof FederationError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new FederationError(isFull ? "DISK_FULL" : "STORAGE_FAILED", `${doing}: ${String(cause)}`, { cause });
}
