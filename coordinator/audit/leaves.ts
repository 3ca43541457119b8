import { canonicalBytes } from "../../core/crypto/canonical-json.ts";
import { type PublicLeaf, publicLeafHash } from "../../core/crypto/public-leaf.ts";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { toHex } from "../../core/ids.ts";
import type { Event, SealedPart } from "../rounds/events.ts";
import { withCommitments } from "./commitments.ts";

/** An event as it is kept: exactly the bytes its leaf commits to. */
export interface LeafParts {
  /** Canonical JSON of the public part. */
  readonly publicBytes: Uint8Array;
  /** Canonical JSON of the sealed part; null when there is none. */
  readonly sealedBytes: Uint8Array | null;
  readonly salt: Uint8Array;
}

/** 128 bits: nobody can confirm a guess of the sealed part from the public log. */
export const SALT_BYTES = 16;

/**
 * @param commitmentKey where the public part must not tell who took part: it then has commitments under this key, and
 * event and key are sealed
 * @throws TypeError for what has no canonical JSON
 */
export function leafParts(
  event: Event,
  sealed: SealedPart | undefined,
  salt: Uint8Array,
  commitmentKey?: Uint8Array,
): LeafParts {
  if (commitmentKey === undefined || !("jobId" in event)) {
    return {
      publicBytes: canonicalBytes(event),
      sealedBytes: sealed === undefined ? null : canonicalBytes(sealed),
      salt,
    };
  }
  const withheld: Withheld = { event, commitmentKey: toHex(commitmentKey) };
  return {
    publicBytes: canonicalBytes(withCommitments(event, commitmentKey)),
    sealedBytes: canonicalBytes({ ...sealed, withheld }),
    salt,
  };
}

/** The sealed part's account of a public part that has commitments. */
interface Withheld {
  readonly event: Event;
  readonly commitmentKey: string;
}

/**
 * SHA-256(0x00 || public || SHA-256(salt || sealed)): whoever holds the public part and the inner digest can check
 * the leaf, and learns nothing of the sealed part until its salt is shown.
 */
export function leafOf(parts: LeafParts): Uint8Array {
  return publicLeafHash(publicLeafOf(parts));
}

/** What of an event anybody in the federation may see. */
export function publicLeafOf({ publicBytes, sealedBytes, salt }: LeafParts): PublicLeaf {
  return { publicBytes, sealedSha256: sha256Bytes(salt, sealedBytes ?? new Uint8Array()) };
}

/** The event and its sealed part as they were given, from what was kept. */
export function contentOf({ publicBytes, sealedBytes }: Pick<LeafParts, "publicBytes" | "sealedBytes">): {
  readonly event: Event;
  readonly sealed: SealedPart | undefined;
} {
  if (sealedBytes === null) return { event: parsed(publicBytes) as Event, sealed: undefined };
  const { withheld, ...sealed } = parsed(sealedBytes) as SealedPart & { readonly withheld?: Withheld };
  if (withheld === undefined) return { event: parsed(publicBytes) as Event, sealed };
  return { event: withheld.event, sealed: Object.keys(sealed).length === 0 ? undefined : sealed };
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
}
