import { type Digest, toHex } from "../ids.ts";
import { sha256Bytes } from "./sha256.ts";

/** Hash of one leaf (RFC 6962, section 2.1): SHA-256(0x00 || data). */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256Bytes(Uint8Array.of(0), data);
}

/** Hash of an inner node (RFC 6962, section 2.1): SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256Bytes(Uint8Array.of(1), left, right);
}

export interface MerkleFrontier {
  /** Number of leaves. */
  readonly size: number;
  /** Appends a leaf hash. */
  append(leaf: Uint8Array): void;
  /** Merkle tree hash (RFC 6962, section 2.1) of all leaves so far. */
  root(): Digest;
}

/**
 * A growing Merkle tree that keeps only the roots of its perfect subtrees, one for each bit of `size`: O(log n)
 * memory, O(1) amortised hashes an append, O(log n) a root.
 */
export function merkleFrontier(): MerkleFrontier {
  /** Largest subtree first. */
  const roots: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    append(leaf) {
      let merged = leaf;
      // as in a binary counter, every trailing 1 of the old size carries
      for (let carry = size; carry % 2 === 1; carry = (carry - 1) / 2) {
        merged = nodeHash(roots.pop() as Uint8Array, merged);
      }
      roots.push(merged);
      size++;
    },
    root() {
      return toHex(
        roots.length === 0 ? sha256Bytes() : roots.reduceRight((right, left) => nodeHash(left, right)),
      ) as Digest;
    },
  };
}

/** Merkle tree hash (RFC 6962, section 2.1) of leaf hashes. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Digest {
  const tree = merkleFrontier();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}
