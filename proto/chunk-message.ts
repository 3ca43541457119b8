/** Room for what protobuf puts before a chunk's bytes: two tags and lengths, the offset. */
export const CHUNK_HEAD_BYTES = 32;

const CHUNK_FIELD = 0x12;
const OFFSET_FIELD = 0x08;
const BYTES_FIELD = 0x12;

/**
 * The encoded UploadMessage `{ chunk: { offset, bytes } }` around bytes that lie in `buffer` from CHUNK_HEAD_BYTES on:
 * its head is written before them, and the payload is not copied.
 */
export function chunkMessage(buffer: Uint8Array, offset: number, length: number): Uint8Array {
  const inner = [OFFSET_FIELD, ...varint(offset), BYTES_FIELD, ...varint(length)];
  const head = [CHUNK_FIELD, ...varint(inner.length + length), ...inner];
  const start = CHUNK_HEAD_BYTES - head.length;
  buffer.set(head, start);
  return buffer.subarray(start, CHUNK_HEAD_BYTES + length);
}

/** Base 128, low groups first (protobuf's encoding of a uint64), for integers up to 2^53 - 1. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}
