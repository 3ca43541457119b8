import { createHash } from "node:crypto";
import { FederationError } from "./errors.ts";

/** A string that only its own constructor functions may make. */
type Branded<Name extends string> = string & { readonly __brand: Name };

/** Lower-case hex of 32 bytes: the SHA-256 of something. */
export type Digest = Branded<"Digest">;
/** Lower-case hex of 16 bytes. */
export type FederationId = Branded<"FederationId">;
export type JobId = Branded<"JobId">;
export type ClientId = Branded<"ClientId">;
/** SHA-256 of the signed bytes of an update header. */
export type UpdateId = Digest;

const HEX_16 = /^[0-9a-f]{32}$/;
const HEX_32 = /^[0-9a-f]{64}$/;

function checked<T extends string>(pattern: RegExp, what: string, text: string): T {
  if (!pattern.test(text))
    throw new FederationError("MESSAGE_INVALID", `${what} is not lower-case hex of the right length`);
  return text as T;
}

export const asDigest = (text: string): Digest => checked(HEX_32, "a digest", text);
export const asUpdateId = (text: string): UpdateId => checked(HEX_32, "an update id", text);
export const asFederationId = (text: string): FederationId => checked(HEX_16, "a federation id", text);
export const asJobId = (text: string): JobId => checked(HEX_16, "a job id", text);
export const asClientId = (text: string): ClientId => checked(HEX_16, "a client id", text);

export const ZERO_DIGEST = "0".repeat(64) as Digest;

/**
 * The client's id is a function of its federation-unique name, so that row order, and with it every bit of an
 * aggregate, does not depend on random ids: first 16 bytes of SHA-256("holdfast client" || name).
 */
export function clientIdOf(name: string): ClientId {
  return createHash("sha256").update("holdfast client").update(name, "utf8").digest("hex").slice(0, 32) as ClientId;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}
