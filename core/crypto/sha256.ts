import { createHash } from "node:crypto";
import type { Digest } from "../ids.ts";

/** SHA-256 (FIPS 180-4) of the parts one after the other, as lower-case hex; strings are taken as UTF-8. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Digest {
  return hashed(parts).digest("hex") as Digest;
}

/** The same as 32 raw bytes. */
export function sha256Bytes(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return hashed(parts).digest();
}

function hashed(parts: readonly (Uint8Array | string)[]) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash;
}
