import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { endianness } from "node:os";
import { FederationError } from "../../core/errors.ts";
import { storageError } from "../../core/files/durable-write.ts";
import { readAll, SLICE_BYTES } from "../../core/files/file-bytes.ts";
import type { Digest } from "../../core/ids.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { RowSource } from "../aggregation/rows.ts";

/** A row that holds an open file until it is closed. */
export interface OpenRowSource extends RowSource {
  /** d, the number of float32 values. */
  readonly numCoordinates: number;
  close(): Promise<void>;
}

/**
 * Reads an update tile by tile from its file; no more of it is ever in memory. With `expectedSha256` the whole payload
 * is hashed first, so that bits which flipped at rest stop the round instead of changing the model.
 * @throws PAYLOAD_DIGEST_MISMATCH, PAYLOAD_LENGTH_MISMATCH, STORAGE_FAILED
 */
export async function openRowSource(payload: PayloadFile, expectedSha256?: Digest): Promise<OpenRowSource> {
  const numCoordinates = wholeFloats(payload.sizeBytes);
  const file = await open(payload.path, "r").catch((cause) => {
    throw storageError(cause, `cannot open ${payload.path}`);
  });
  try {
    if (expectedSha256 !== undefined) await assertDigest(file, payload, expectedSha256);
  } catch (cause) {
    await file.close();
    throw storageError(cause, `cannot read ${payload.path}`);
  }
  return {
    numCoordinates,
    read: async (start, into) => {
      assertInside(start, into, numCoordinates);
      await readFloats(file, into, payload.offset + 4 * start);
    },
    close: () => file.close(),
  };
}

/** The same over raw little-endian float32 bytes in memory, such as an inline blob. */
export function memoryRowSource(payload: Uint8Array): OpenRowSource {
  const numCoordinates = wholeFloats(payload.length);
  return {
    numCoordinates,
    read: async (start, into) => {
      assertInside(start, into, numCoordinates);
      bytesUnder(into).set(payload.subarray(4 * start, 4 * (start + into.length)));
      toNativeOrder(into);
    },
    close: async () => {},
  };
}

/** The zero vector: what an absent client counts as where the number of rows is fixed. */
export function zeroRowSource(numCoordinates: number): OpenRowSource {
  return {
    numCoordinates,
    read: async (start, into) => {
      assertInside(start, into, numCoordinates);
      into.fill(0);
    },
    close: async () => {},
  };
}

/** Slice by slice; the event loop breathes while each is read. */
async function assertDigest(file: FileHandle, { path, offset, sizeBytes }: PayloadFile, expected: Digest) {
  const hash = createHash("sha256");
  const slice = new Uint8Array(Math.min(SLICE_BYTES, sizeBytes));
  for (let start = 0; start < sizeBytes; start += slice.length) {
    const part = slice.subarray(0, Math.min(slice.length, sizeBytes - start));
    await readAll(file, part, offset + start);
    hash.update(part);
  }
  if (hash.digest("hex") !== expected)
    throw new FederationError("PAYLOAD_DIGEST_MISMATCH", `the payload in ${path} has changed`);
}

async function readFloats(file: FileHandle, into: Float32Array, position: number): Promise<void> {
  try {
    await readAll(file, bytesUnder(into), position);
  } catch (cause) {
    throw storageError(cause, "cannot read an update");
  }
  toNativeOrder(into);
}

function bytesUnder(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function toNativeOrder(values: Float32Array): void {
  if (endianness() === "BE") Buffer.from(values.buffer, values.byteOffset, values.byteLength).swap32();
}

function wholeFloats(sizeBytes: number): number {
  if (sizeBytes % 4 !== 0) throw new FederationError("PAYLOAD_LENGTH_MISMATCH", `${sizeBytes} bytes of float32`);
  return sizeBytes / 4;
}

function assertInside(start: number, into: Float32Array, numCoordinates: number): void {
  if (start < 0 || start + into.length > numCoordinates) {
    throw new FederationError("INTERNAL", `coordinates ${start} to ${start + into.length} of ${numCoordinates}`);
  }
}
