import { type ClientId, type Digest, type FederationId, toHex } from "../ids.ts";
import { canonicalBytes } from "./canonical-json.ts";
import { pae } from "./pae.ts";

/** Signed by a new key: proof that whoever redeems the token holds the key it enrols. */
export function enrollmentMessage(parts: {
  readonly federationId: FederationId;
  readonly tokenSha256: Digest;
  readonly clientName: string;
  readonly publicKey: Uint8Array;
}): Uint8Array {
  const { federationId, tokenSha256, clientName } = parts;
  return pae(
    "enrollment",
    canonicalBytes({ federationId, tokenSha256, clientName, publicKey: toHex(parts.publicKey) }),
  );
}

/** Signed by a client's key when it connects; `challenge` is the coordinator's, fresh for this stream. */
export function connectionMessage(parts: {
  readonly federationId: FederationId;
  readonly clientId: ClientId;
  readonly keyEpoch: number;
  readonly challenge: Uint8Array;
}): Uint8Array {
  const { federationId, clientId, keyEpoch } = parts;
  return pae("connection", canonicalBytes({ federationId, clientId, keyEpoch, challenge: toHex(parts.challenge) }));
}

/** Signed by the administrator's key for one call; `nonce` is the coordinator's and good for one call. */
export function administrationMessage(parts: {
  /** The gRPC path: /holdfast.v1.Administration/StartJob. */
  readonly method: string;
  /** SHA-256 of the serialized request, raw. */
  readonly bodySha256: Uint8Array;
  readonly nonce: Uint8Array;
  readonly timeMs: number;
}): Uint8Array {
  const { method, timeMs } = parts;
  const bytes = { bodySha256: toHex(parts.bodySha256), nonce: toHex(parts.nonce) };
  return pae("administration", canonicalBytes({ method, timeMs, ...bytes }));
}
