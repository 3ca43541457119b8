import { endianness } from "node:os";
import { canonicalJson } from "../crypto/canonical-json.ts";
import { sha256 } from "../crypto/sha256.ts";
import { FederationError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { TensorSchema } from "./schema.ts";

/** SHA-256 of the canonical JSON of names and shapes in payload order. */
export function schemaDigest(schema: TensorSchema): Digest {
  return sha256(canonicalJson(schema.map(({ name, shape }) => ({ name, shape }))));
}

/** The values as raw little-endian float32: a view, not a copy, except on a big-endian machine. */
export function bytesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === "LE" ? bytes : Buffer.from(bytes).swap32();
}

/**
 * The float32 values behind raw little-endian bytes: a view where alignment allows, else a copy.
 * @throws PAYLOAD_LENGTH_MISMATCH unless the length is a multiple of 4
 */
export function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new FederationError("PAYLOAD_LENGTH_MISMATCH", `${bytes.length} bytes of float32`);
  if (endianness() !== "LE") return floatsOfNative(Buffer.from(bytes).swap32());
  return floatsOfNative(bytes);
}

function floatsOfNative(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** The address of these values: SHA-256 of their raw little-endian float32 bytes. */
export function payloadDigest(values: Float32Array): Digest {
  return sha256(bytesOf(values));
}
