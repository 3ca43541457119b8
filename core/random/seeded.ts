import { createCipheriv } from "node:crypto";
import { DOUBLE_BYTES, doubleOf } from "./double.ts";
import type { Random } from "./random.ts";

const BLOCK = Buffer.alloc(8192);
const VIEW_FROM = 64;

/**
 * Randomness that a 32-byte seed fixes for ever: the AES-256-CTR keystream (NIST SP 800-38A) under the seed as key,
 * counter from zero, read byte after byte. How the reads are cut does not change the stream. As unpredictable as its
 * seed, so DP noise may come from it when the seed is secret.
 */
export function seededRandom(seed: Uint8Array): Random {
  const stream = createCipheriv("aes-256-ctr", seed, Buffer.alloc(16));
  let buffer: Buffer = Buffer.alloc(0);
  let position = 0;

  /** Where the next `length` bytes start in `buffer`. */
  const take = (length: number): number => {
    if (position + length > buffer.length) {
      const fresh = stream.update(length > BLOCK.length ? Buffer.alloc(length) : BLOCK);
      buffer = Buffer.concat([buffer.subarray(position), fresh]);
      position = 0;
    }
    const start = position;
    position += length;
    return start;
  };

  return {
    bytes: (length) => {
      const start = take(length);
      const bytes = new Uint8Array(length);
      // a view to copy from costs more than the few bytes that are mostly asked for
      if (length > VIEW_FROM) bytes.set(buffer.subarray(start, start + length));
      else for (let i = 0; i < length; i++) bytes[i] = buffer[start + i] as number;
      return bytes;
    },
    uniform: () => {
      const start = take(DOUBLE_BYTES);
      return doubleOf(buffer, start);
    },
  };
}
