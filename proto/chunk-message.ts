/** Room for what protobuf puts before a chunk's bytes: two tags and lengths, the offset. */
export const CHUNK_HEAD_BYTES = 32;

const CHUNK_FIELD = 0x12;
const OFFSET_FIELD = 0x08;
const BYTES_FIELD = 0x12;
/** gRPC's own prefix of a message: a flag and a length. */
const FRAME_BYTES = 5;

/**
 * The encoded UploadMessage `{ chunk: { offset, bytes } }` around bytes that lie in `buffer` from CHUNK_HEAD_BYTES on:
 * its head is written before them, and the payload is not copied. The offset is spelled out to where the bytes begin at
 * a multiple of four in the frame: a receiver that keeps frames whole reads float32 values in place.
 */
export function chunkMessage(buffer: Uint8Array, offset: number, length: number): Uint8Array {
  const head = [0, 1, 2, 3].map((spare) => headOf(offset, length, spare)).find(isAligned) ?? [];
  const start = CHUNK_HEAD_BYTES - head.length;
  buffer.set(head, start);
  return buffer.subarray(start, CHUNK_HEAD_BYTES + length);
}

const isAligned = (head: readonly number[]) => (FRAME_BYTES + head.length) % 4 === 0;

function headOf(offset: number, length: number, spareBytes: number): number[] {
  const inner = [OFFSET_FIELD, ...varint(offset, spareBytes), BYTES_FIELD, ...varint(length)];
  return [CHUNK_FIELD, ...varint(inner.length + length), ...inner];
}

/**
 * Base 128, low groups first (protobuf's encoding of a uint64), for integers up to 2^53 - 1; with spare bytes, so many
 * groups of zero more than it needs.
 */
function varint(value: number, spareBytes = 0): number[] {
  if (value >= 0x80) return [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80), spareBytes)];
  return spareBytes === 0 ? [value] : [value | 0x80, ...varint(0, spareBytes - 1)];
}
