import { createPublicKey, verify } from "node:crypto";
import { FederationError } from "../errors.ts";

/** Verifies Ed25519 signatures of one public key. */
export interface Verifier {
  /** False for whatever is not a valid signature, of any length; never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** ASN.1 of an Ed25519 SubjectPublicKeyInfo (RFC 8410) up to its 32-byte point. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** p = 2^255 - 19, the field's prime. */
const P = 2n ** 255n - 19n;
const FIELD_PRIME = digits(P);

/** L, the order of the base point (RFC 8032, section 5.1). */
const GROUP_ORDER = digits(2n ** 252n + 27742317777372353535851937790883648493n);

const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;

/** y of the eight points whose order divides 8: of order 4, 1, 2, 8 and 8. A point and its negative share their y. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y].map(digits));

/**
 * Whether these bytes may be enrolled as a public key: 32 of them, y canonical (below p), and not a point of small
 * order, for which one signature fits many messages. Whether the point is on the curve shows when a proof verifies.
 */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && isSoundPoint(publicKey);
}

/**
 * A verifier that keeps the parsed key. It asks what RFC 8032 asks (S < L, the cofactorless equation) and what
 * libsodium asks beyond it: neither the key nor R of small order or in a second encoding. So one message and one
 * signer make one signature that nobody else can vary (Chalkias et al. 2020, "Taming the many EdDSAs").
 * @throws PUBLIC_KEY_WEAK unless the key is acceptable
 */
export function verifier(publicKey: Uint8Array): Verifier {
  if (!isAcceptablePublicKey(publicKey)) {
    throw new FederationError(
      "PUBLIC_KEY_WEAK",
      `not an acceptable Ed25519 key: ${Buffer.from(publicKey).toString("hex")}`,
    );
  }
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" });
  return {
    verify: (message, signature) => isStrictSignature(signature) && verify(null, message, key, signature),
  };
}

function isStrictSignature(signature: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    isSoundPoint(signature.subarray(0, 32)) &&
    Buffer.from(signature.subarray(32)).reverse().toString("hex") < GROUP_ORDER
  );
}

/** The sign of x is the topmost bit; what is left is y. */
function isSoundPoint(encoded: Uint8Array): boolean {
  const reversed = Buffer.from(encoded).reverse();
  reversed[0] = (reversed[0] as number) & 0x7f;
  const y = reversed.toString("hex");
  return y < FIELD_PRIME && !SMALL_ORDER_Y.has(y);
}

/** 32 bytes as hexadecimal digits: in their order numbers are compared as text, several times as fast as bigints. */
function digits(number: bigint): string {
  return number.toString(16).padStart(64, "0");
}
