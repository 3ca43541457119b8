import { open } from "node:fs/promises";
import { FederationError } from "../../core/errors.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { BlobChunk } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import { CHUNK_BYTES } from "../../proto/protocol.ts";

/** Bytes in memory from an offset on; at least one chunk, because each says how large the whole is. */
export function* chunksOf(bytes: Uint8Array, fromOffset: number): Generator<BlobChunk> {
  const size = bytes.length;
  for (const { offset, length } of spans(size, fromOffset)) {
    yield { offset, bytes: bytes.subarray(offset, offset + length), size };
  }
}

/** A payload on disk from an offset on, read no faster than it is taken. @throws STORAGE_FAILED */
export async function* chunksOfFile(
  { path, offset: start, sizeBytes: size }: PayloadFile,
  fromOffset: number,
): AsyncGenerator<BlobChunk> {
  const file = await open(path, "r");
  try {
    for (const { offset, length } of spans(size, fromOffset)) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, start + offset);
      if (bytesRead !== length) throw new FederationError("STORAGE_FAILED", `${path} is shorter than its payload`);
      yield { offset, bytes: buffer, size };
    }
  } finally {
    await file.close();
  }
}

function* spans(size: number, fromOffset: number): Generator<{ offset: number; length: number }> {
  if (fromOffset > size) throw new FederationError("CHUNK_INVALID", `offset ${fromOffset} of a blob of ${size} bytes`);
  let offset = fromOffset;
  do {
    const length = Math.min(CHUNK_BYTES, size - offset);
    yield { offset, length };
    offset += length;
  } while (offset < size);
}
