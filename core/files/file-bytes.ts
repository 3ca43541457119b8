import type { FileHandle } from "node:fs/promises";

/** Large and sequential, yet small enough that hashing one slice does not hold up the event loop. */
export const SLICE_BYTES = 1 << 20;

/** Node refuses a single read of 2 GiB or more. */
const MAX_READ_BYTES = 1 << 30;

/** Writes all of it: one call may write less than it was given. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, SLICE_BYTES);
    const { bytesWritten } = await file.write(bytes, done, length, position + done);
    done += bytesWritten;
  }
}

/** Fills `into` from `position` on. @throws RangeError where the file ends before that */
export async function readAll(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const length = Math.min(into.length - done, MAX_READ_BYTES);
    const { bytesRead } = await file.read(into, done, length, position + done);
    if (bytesRead === 0) throw new RangeError(`the file ends at byte ${position + done}`);
    done += bytesRead;
  }
}
