import { FederationError, type Refusal, refuse } from "../errors.ts";
import { asClientId, asDigest, asFederationId, asJobId, toHex, type UpdateId } from "../ids.ts";
import type { UpdateHeader } from "../update.ts";
import { pae } from "./pae.ts";
import { sha256 } from "./sha256.ts";

/** A header is 20 fields of fixed width without gaps; docs/architecture.md has the table. */
export const HEADER_BYTES = 354;

const VERSION = 1;
/** Raw little-endian float32 in schema order: the one codec of this version. */
const CODEC_F32LE = 0;

/**
 * The header as the bytes that are signed: fixed order, big-endian integers, ids and digests raw.
 * @throws HEADER_MALFORMED for an integer that its field cannot hold, or an unknown codec
 */
export function encodeHeader(header: UpdateHeader): Uint8Array {
  if (header.codec !== CODEC_F32LE) throw new FederationError("HEADER_MALFORMED", `codec ${header.codec}`);
  const bytes = Buffer.alloc(HEADER_BYTES);
  const put = writer(bytes);
  put.integer(VERSION, 1);
  put.hex(header.federationId);
  put.hex(header.jobId);
  put.integer(header.round, 8);
  put.integer(header.attempt, 4);
  put.hex(header.clientId);
  put.integer(header.keyEpoch, 4);
  put.hex(header.serverNonce);
  put.hex(header.baseModelSha256);
  put.hex(header.planSha256);
  put.hex(header.tensorSchemaSha256);
  put.hex(header.payloadSha256);
  put.integer(header.payloadLength, 8);
  put.integer(header.codec, 1);
  put.bigint(header.numExamples);
  put.hex(header.metricsSha256);
  put.hex(header.secaggSession);
  put.integer(header.clientSeq, 8);
  put.integer(header.issuedAtMs, 8);
  put.hex(header.dpClaimSha256);
  return bytes;
}

/** The header behind signed bytes; HEADER_MALFORMED unless encoding it again gives these very bytes. */
export function decodeHeader(bytes: Uint8Array): UpdateHeader | Refusal {
  if (bytes.length !== HEADER_BYTES) return refuse("HEADER_MALFORMED", `${bytes.length} bytes, not ${HEADER_BYTES}`);
  if (bytes[0] !== VERSION) return refuse("HEADER_MALFORMED", `version ${bytes[0]}`);
  try {
    const header = readHeader(bytes);
    if (Buffer.compare(encodeHeader(header), bytes) === 0) return header;
    return refuse("HEADER_MALFORMED", "another encoding of its fields");
  } catch (error) {
    if (error instanceof FederationError) return refuse("HEADER_MALFORMED", error.message);
    throw error;
  }
}

/** The bytes under an update's signature. */
export function updateMessage(headerBytes: Uint8Array): Uint8Array {
  return pae("update", headerBytes);
}

/** SHA-256 of the signed bytes. The signature is not part of it: signing again does not make another update. */
export function updateIdOf(headerBytes: Uint8Array): UpdateId {
  return sha256(updateMessage(headerBytes));
}

/** Fields are read in the order in which they are written here. */
function readHeader(bytes: Uint8Array): UpdateHeader {
  const take = reader(bytes);
  take.integer(1); // version
  return {
    federationId: asFederationId(take.hex(16)),
    jobId: asJobId(take.hex(16)),
    round: take.integer(8),
    attempt: take.integer(4),
    clientId: asClientId(take.hex(16)),
    keyEpoch: take.integer(4),
    serverNonce: asDigest(take.hex(32)),
    baseModelSha256: asDigest(take.hex(32)),
    planSha256: asDigest(take.hex(32)),
    tensorSchemaSha256: asDigest(take.hex(32)),
    payloadSha256: asDigest(take.hex(32)),
    payloadLength: take.integer(8),
    codec: take.integer(1),
    numExamples: take.bigint(),
    metricsSha256: asDigest(take.hex(32)),
    secaggSession: asDigest(take.hex(32)),
    clientSeq: take.integer(8),
    issuedAtMs: take.integer(8),
    dpClaimSha256: asDigest(take.hex(32)),
  };
}

type IntegerWidth = 1 | 4 | 8;

function writer(bytes: Buffer) {
  let position = 0;
  return {
    integer(value: number, width: IntegerWidth): void {
      if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
        throw new FederationError("HEADER_MALFORMED", `${value} is not an integer of ${width} bytes below 2^53`);
      }
      if (width === 8) bytes.writeBigUInt64BE(BigInt(value), position);
      else bytes.writeUIntBE(value, position, width);
      position += width;
    },
    bigint(value: bigint): void {
      if (BigInt.asUintN(64, value) !== value) throw new FederationError("HEADER_MALFORMED", `${value} is not a u64`);
      position = bytes.writeBigUInt64BE(value, position);
    },
    hex(text: string): void {
      position += bytes.write(text, position, "hex");
    },
  };
}

function reader(bytes: Uint8Array) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const advance = (width: number): number => {
    position += width;
    return position - width;
  };
  return {
    /** May come out rounded above 2^53; encoding it again then throws. */
    integer: (width: IntegerWidth): number =>
      width === 8 ? Number(view.readBigUInt64BE(advance(8))) : view.readUIntBE(advance(width), width),
    bigint: (): bigint => view.readBigUInt64BE(advance(8)),
    hex: (length: number): string => toHex(view.subarray(advance(length), position)),
  };
}
