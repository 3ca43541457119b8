import { leafHash } from "./merkle.ts";

/** One entry of the log as whoever may not see what is sealed gets it: enough to compute the leaf. */
export interface PublicLeaf {
  /** Canonical JSON of the public part. */
  readonly publicBytes: Uint8Array;
  /** SHA-256(salt || sealed part), 32 bytes; of the salt alone where nothing is sealed. */
  readonly sealedSha256: Uint8Array;
}

/** Leaf of the log's tree (RFC 6962, section 2.1): SHA-256(0x00 || public || SHA-256(salt || sealed)). */
export function publicLeafHash({ publicBytes, sealedSha256 }: PublicLeaf): Uint8Array {
  return leafHash(Buffer.concat([publicBytes, sealedSha256]));
}
