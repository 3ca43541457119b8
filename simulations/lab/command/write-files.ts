import { randomUUID } from "node:crypto";
import type nodeFiles from "node:fs/promises";
import { storageError, TEMPORARY } from "../../../core/files/durable-write.ts";

/** The part of node:fs/promises that the lab writes with: an argument, so that disks can be full in tests. */
export type LabFiles = Pick<typeof nodeFiles, "appendFile" | "mkdir" | "readFile" | "rename" | "rm" | "writeFile">;

/**
 * Writes files that belong together: each beside its place first, and all of them moved there once all are whole, so that
 * a disk that fills up leaves the ones of before, or none.
 *
 * @param contents by path @throws DISK_FULL, STORAGE_FAILED; then nothing new is left
 */
export async function writeTogether(
  contents: ReadonlyMap<string, string | Uint8Array>,
  files: Pick<LabFiles, "rename" | "rm" | "writeFile">,
): Promise<void> {
  const written = new Map<string, string>();
  let at = "";
  try {
    for (const [path, content] of contents) {
      at = path;
      const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
      written.set(path, temporary);
      await files.writeFile(temporary, content);
    }
    for (const [path, temporary] of written) {
      at = path;
      await files.rename(temporary, path);
    }
  } catch (error) {
    for (const temporary of written.values()) await files.rm(temporary, { force: true }).catch(() => undefined);
    throw storageError(error, `cannot write ${at}; the finished cells are kept, so the same command goes on from here`);
  }
}
