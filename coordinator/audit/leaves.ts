import { canonicalBytes } from "../../core/crypto/canonical-json.ts";
import { leafHash } from "../../core/crypto/merkle.ts";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import type { Event, SealedPart } from "../rounds/events.ts";

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

/** @throws TypeError for what has no canonical JSON */
export function leafParts(event: Event, sealed: SealedPart | undefined, salt: Uint8Array): LeafParts {
  return {
    publicBytes: canonicalBytes(event),
    sealedBytes: sealed === undefined ? null : canonicalBytes(sealed),
    salt,
  };
}

/**
 * SHA-256(0x00 || public || SHA-256(salt || sealed)): whoever holds the public part and the inner digest can check
 * the leaf, and learns nothing of the sealed part until its salt is shown.
 */
export function leafOf({ publicBytes, sealedBytes, salt }: LeafParts): Uint8Array {
  const commitment = sha256Bytes(salt, sealedBytes ?? new Uint8Array());
  return leafHash(Buffer.concat([publicBytes, commitment]));
}

export function eventOf(publicBytes: Uint8Array): Event {
  return parsed(publicBytes) as Event;
}

export function sealedOf(sealedBytes: Uint8Array | null): SealedPart | undefined {
  return sealedBytes === null ? undefined : (parsed(sealedBytes) as SealedPart);
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
}
