import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { FederationError } from "../../../core/errors.ts";
import { storageError } from "../../../core/files/durable-write.ts";
import { DIGEST_BYTES, digestsOfBlocks } from "../../../core/vector/block-digests.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { FileRow, RowSource } from "./engine.ts";

/** Of a row that was said to be finite when it was admitted. @param row its place among the sources, from 0 */
export function notFinite(sources: readonly RowSource[], row: number, coordinate: number): FederationError {
  const source = sources[row];
  const where = source?.kind === "file" ? ` (${source.path})` : "";
  const reason = `coordinates from ${coordinate} on are not all finite`;
  return new FederationError("NOT_FINITE", `row ${row + 1} of ${sources.length}${where}: ${reason}`);
}

/**
 * Fills `into` with the coordinates of a row from `start` on, a file's straight from the disk. Files are open while
 * they are read and no longer, so that neither their number nor a thread that dies matters. Of a file whose blocks have
 * digests, whole blocks are read, to the end of the row if it is in the last.
 * @throws STORAGE_FAILED where a file is missing or ends early, PAYLOAD_LENGTH_MISMATCH where a row is too short,
 *   PAYLOAD_DIGEST_MISMATCH where a block is not what it was
 */
export function readRow(source: RowSource, start: number, into: Float32Array): void {
  switch (source.kind) {
    case "file":
      readFile(source, start, into);
      break;
    case "memory":
      assertInside(start, into, source.values.length, "a row in memory");
      into.set(source.values.subarray(start, start + into.length));
      break;
    case "zero":
      into.fill(0);
      break;
    case "scaled":
      readRow(source.source, start, into);
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) * source.factor;
      break;
  }
}

function readFile({ path, offset, sizeBytes, blockDigests }: FileRow, start: number, into: Float32Array): void {
  assertInside(start, into, sizeBytes / Float32Array.BYTES_PER_ELEMENT, path);
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  try {
    const file = openSync(path, "r");
    try {
      readBytes(file, bytes, offset + start * Float32Array.BYTES_PER_ELEMENT);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw storageError(cause, `cannot read ${path}`);
  }
  if (blockDigests !== undefined) verifyBlocks(bytes, start / BLOCK_LENGTH, blockDigests, path);
  if (endianness() === "BE") Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).swap32();
}

/** @param firstBlock the block that the bytes begin with */
function verifyBlocks(bytes: Uint8Array, firstBlock: number, digests: Uint8Array, path: string): void {
  for (const [k, digest] of [...digestsOfBlocks(bytes)].entries()) {
    const start = (firstBlock + k) * DIGEST_BYTES;
    if (digest.equals(digests.subarray(start, start + DIGEST_BYTES))) continue;
    throw new FederationError("PAYLOAD_DIGEST_MISMATCH", `the payload in ${path} has changed`);
  }
}

function readBytes(file: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const bytesRead = readSync(file, into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new RangeError(`the file ends at byte ${position + done}`);
    done += bytesRead;
  }
}

function assertInside(start: number, into: Float32Array, numCoordinates: number, where: string): void {
  if (start + into.length <= numCoordinates) return;
  const wanted = `coordinates ${start} to ${start + into.length} of ${numCoordinates}`;
  throw new FederationError("PAYLOAD_LENGTH_MISMATCH", `${where}: ${wanted}`);
}
