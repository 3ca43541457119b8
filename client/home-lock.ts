import { readFile, rm, writeFile } from "node:fs/promises";
import { FederationError } from "../core/errors.ts";

/**
 * Takes a folder for this process; the function that is returned gives it back. Two clients of one identity would spend
 * each other's sequence numbers and sign two updates for one attempt. The file at `path` holds the process id, so that
 * the lock of a process that was killed is taken over.
 * @throws FOLDER_LOCKED
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  if (!(await take(path))) {
    const holder = await holderOf(path);
    if (holder !== undefined && isRunning(holder)) throw lockedBy(path, holder);
    await rm(path, { force: true });
    if (!(await take(path))) throw lockedBy(path, await holderOf(path));
  }
  return () => rm(path, { force: true });
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when the file is gone, or was cut short before it said who. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const pid = Number(text.trim());
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** A process of our own number is gone: we have its number now, as in a container that was started again. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function lockedBy(path: string, pid: number | undefined): FederationError {
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return new FederationError("FOLDER_LOCKED", `${holder} runs this client; if it does not, delete ${path}`);
}
