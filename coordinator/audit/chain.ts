import { merkleFrontier } from "../../core/crypto/merkle.ts";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import type { Digest } from "../../core/ids.ts";
import { type LeafParts, leafOf } from "./leaves.ts";

/**
 * The running hashes of the log. The chain names the first event that was touched; the Merkle root is what heads
 * sign and what inclusion proofs lead to. Writing and verifying are the same walk.
 */
export interface AuditChain {
  /** Number of events. */
  readonly size: number;
  /** RFC 6962 root over all leaves. */
  root(): Digest;
  /** Takes the next event and returns its link. */
  append(event: LeafParts): Uint8Array;
}

/** Apart from 0x00 and 0x01, RFC 6962's leaves and nodes, so that a link never passes for either. */
const LINK_PREFIX = Uint8Array.of(2);

/** What stands before the first event: 32 zero bytes. */
const GENESIS = new Uint8Array(32);

/** link_i = SHA-256(0x02 || link_(i-1) || leaf_i). */
export function auditChain(): AuditChain {
  const tree = merkleFrontier();
  let link: Uint8Array = GENESIS;
  return {
    get size() {
      return tree.size;
    },
    root: () => tree.root(),
    append(event) {
      const leaf = leafOf(event);
      tree.append(leaf);
      link = sha256Bytes(LINK_PREFIX, link, leaf);
      return link;
    },
  };
}
