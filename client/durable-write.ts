import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file that is not complete yet is called. */
export const TEMPORARY = ".tmp";

/**
 * Writes a whole file so that after a crash there is all of it or none of it: a temporary file in the same folder,
 * fsync, rename, fsync of the folder. Resolves once it is durable; when it fails nothing is left.
 */
export async function durableWrite(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}${TEMPORARY}`;
  try {
    await writeSynced(temporary, parts);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Windows cannot open a folder, and journals its renames itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
