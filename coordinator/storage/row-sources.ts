import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { FederationError } from "../../core/errors.ts";
import { storageError } from "../../core/files/durable-write.ts";
import { readAll, SLICE_BYTES } from "../../core/files/file-bytes.ts";
import type { Digest } from "../../core/ids.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import type { PayloadFile } from "../../core/update.ts";
import { DIGEST_BYTES, digestsOfBlocks } from "../../core/vector/block-digests.ts";
import { BLOCK_LENGTH } from "../../core/vector/kernels/layout.ts";
import type { RowSource } from "../aggregation/engine/engine.ts";

/**
 * A row that is read from its file, piece by piece. The file is read once to see that it is what was admitted, and each
 * piece is checked again by whoever reads it later: bits that flip at rest stop the round instead of changing the model.
 * What a store has in memory is a row where it lies.
 * @throws PAYLOAD_DIGEST_MISMATCH, PAYLOAD_LENGTH_MISMATCH, STORAGE_FAILED
 */
export async function fileRow(payload: PayloadFile, expected: Digest): Promise<RowSource> {
  if (payload.bytes !== undefined) return { kind: "memory", values: floatsOf(payload.bytes) };
  const { path, offset, sizeBytes } = payload;
  const numBlocks = Math.ceil(numFloats(sizeBytes) / BLOCK_LENGTH);
  const blockDigests = new Uint8Array(new SharedArrayBuffer(numBlocks * DIGEST_BYTES));
  let taken = 0;
  for await (const slice of verifiedSlices(payload, expected)) {
    for (const digest of digestsOfBlocks(slice)) {
      blockDigests.set(digest, taken);
      taken += DIGEST_BYTES;
    }
  }
  return { kind: "file", path, offset, sizeBytes, blockDigests };
}

/** A row of raw little-endian float32 bytes in memory, such as an inline blob; they are copied for threads to share. */
export function memoryRow(payload: Uint8Array): Extract<RowSource, { readonly kind: "memory" }> {
  const values = sharedFloats(payload.length);
  values.set(floatsOf(payload));
  return { kind: "memory", values };
}

/**
 * Fills in the values of a payload.
 * @throws PAYLOAD_DIGEST_MISMATCH, PAYLOAD_LENGTH_MISMATCH, STORAGE_FAILED
 */
export async function loadVerified(payload: PayloadFile, expected: Digest, values: Float32Array): Promise<void> {
  if (payload.sizeBytes !== values.byteLength) throw wrongLength(payload.sizeBytes);
  if (payload.bytes !== undefined) return values.set(floatsOf(payload.bytes));
  let start = 0;
  for await (const slice of verifiedSlices(payload, expected)) {
    const floats = floatsOf(slice);
    values.set(floats, start);
    start += floats.length;
  }
}

/** Slice by slice, in memory that is used again for the next; the event loop breathes while each is read. */
export async function* slicesOf({ path, offset, sizeBytes }: PayloadFile): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r").catch((cause) => {
    throw storageError(cause, `cannot open ${path}`);
  });
  try {
    const slice = new Uint8Array(Math.min(SLICE_BYTES, sizeBytes));
    for (let start = 0; start < sizeBytes; start += slice.length) {
      const part = slice.subarray(0, Math.min(slice.length, sizeBytes - start));
      await readAll(file, part, offset + start).catch((cause) => {
        throw storageError(cause, `cannot read ${path}`);
      });
      yield part;
    }
  } finally {
    await file.close();
  }
}

async function* verifiedSlices(payload: PayloadFile, expected: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const slice of slicesOf(payload)) {
    hash.update(slice);
    yield slice;
  }
  if (hash.digest("hex") !== expected)
    throw new FederationError("PAYLOAD_DIGEST_MISMATCH", `the payload in ${payload.path} has changed`);
}

function sharedFloats(sizeBytes: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(numFloats(sizeBytes) * Float32Array.BYTES_PER_ELEMENT));
}

function numFloats(sizeBytes: number): number {
  if (sizeBytes % Float32Array.BYTES_PER_ELEMENT === 0) return sizeBytes / Float32Array.BYTES_PER_ELEMENT;
  throw wrongLength(sizeBytes);
}

function wrongLength(sizeBytes: number): FederationError {
  return new FederationError("PAYLOAD_LENGTH_MISMATCH", `${sizeBytes} bytes of float32`);
}
