import { createHash } from "node:crypto";
import { BLOCK_LENGTH } from "./kernels/layout.ts";

/** Of SHA-256. */
export const DIGEST_BYTES = 32;
const BLOCK_BYTES = BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT;

/** SHA-256 of each block of these bytes of a vector, which begin with a block; the last may be shorter. */
export function* digestsOfBlocks(bytes: Uint8Array): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    yield createHash("sha256")
      .update(bytes.subarray(start, start + BLOCK_BYTES))
      .digest();
  }
}
