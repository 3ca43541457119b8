import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { MAX_CHUNK_BYTES } from "../../proto/protocol.ts";

/** Framing, header and signature: what a message may need beside the bytes of a chunk. */
const BESIDE_CHUNK_BYTES = 64 * 1024;

const MALFORMED: object = Object.freeze({});

export const isMalformed = (message: object): boolean => message === MALFORMED;

/** SHA-256 of the bytes a message was decoded from. Weak: the digest goes when the message goes. */
export type BodyDigests = WeakMap<object, Uint8Array>;

/**
 * The service with strict request decoders: garbage, and what is longer than a chunk may be, becomes a value that the
 * guard refuses with a code, where grpc-js would answer INTERNAL. `digests` receives the digest of every body.
 */
export function checkedService<Service extends ServiceDefinition>(service: Service, digests?: BodyDigests): Service {
  const methods = Object.entries(service).map(([name, method]) => [name, checkedMethod(method, digests)]);
  return Object.fromEntries(methods) as Service;
}

function checkedMethod(method: MethodDefinition<object, object>, digests: BodyDigests | undefined) {
  return { ...method, requestDeserialize: (bytes: Buffer) => decode(bytes, method.requestDeserialize, digests) };
}

function decode(bytes: Buffer, deserialize: (bytes: Buffer) => object, digests: BodyDigests | undefined): object {
  if (bytes.length > MAX_CHUNK_BYTES + BESIDE_CHUNK_BYTES) return MALFORMED;
  try {
    const message = deserialize(bytes);
    digests?.set(message, sha256Bytes(bytes));
    return message;
  } catch {
    return MALFORMED;
  }
}
