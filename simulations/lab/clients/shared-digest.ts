import { sha256 } from "../../../core/crypto/sha256.ts";
import type { Digest } from "../../../core/ids.ts";

/**
 * SHA-256 of what the clients of a thread fetch: where their coordinator is in the same thread, all are handed the very same
 * bytes of a base model, to which nobody writes, and they are hashed once.
 */
export function sharedDigest(): (bytes: Uint8Array) => Digest {
  const known = new WeakMap<Uint8Array, Digest>();
  return (bytes) => {
    const digest = known.get(bytes) ?? sha256(bytes);
    known.set(bytes, digest);
    return digest;
  };
}
