import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FederationError, isRefusal, refuse } from "../errors.ts";
import { asClientId, asDigest, asFederationId, asJobId, toHex } from "../ids.ts";
import type { UpdateHeader } from "../update.ts";
import { decodeHeader, encodeHeader, HEADER_BYTES, updateIdOf, updateMessage } from "./envelope.ts";
import { clientSigningKey } from "./sign.ts";
import { verifier } from "./verify.ts";

/** Field number n of the layout is filled with bytes of value n, or counts n. */
const example: UpdateHeader = {
  federationId: asFederationId("02".repeat(16)),
  jobId: asJobId("03".repeat(16)),
  round: 4,
  attempt: 5,
  clientId: asClientId("06".repeat(16)),
  keyEpoch: 7,
  serverNonce: asDigest("08".repeat(32)),
  baseModelSha256: asDigest("09".repeat(32)),
  planSha256: asDigest("0a".repeat(32)),
  tensorSchemaSha256: asDigest("0b".repeat(32)),
  payloadSha256: asDigest("0c".repeat(32)),
  payloadLength: 13,
  codec: 0,
  numExamples: 15n,
  metricsSha256: asDigest("10".repeat(32)),
  secaggSession: asDigest("11".repeat(32)),
  clientSeq: 18,
  issuedAtMs: 19,
  dpClaimSha256: asDigest("14".repeat(32)),
};

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((it) => Buffer.from(it).toString("hex"));
const digest = hex(32).map(asDigest);
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const u53 = fc.maxSafeNat();
const headers: fc.Arbitrary<UpdateHeader> = fc.record({
  federationId: hex(16).map(asFederationId),
  jobId: hex(16).map(asJobId),
  round: u53,
  attempt: u32,
  clientId: hex(16).map(asClientId),
  keyEpoch: u32,
  serverNonce: digest,
  baseModelSha256: digest,
  planSha256: digest,
  tensorSchemaSha256: digest,
  payloadSha256: digest,
  payloadLength: u53,
  codec: fc.constant(0),
  numExamples: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  metricsSha256: digest,
  secaggSession: digest,
  clientSeq: u53,
  issuedAtMs: u53,
  dpClaimSha256: digest,
});

const malformed = expect.objectContaining({ refused: "HEADER_MALFORMED" });

describe("the layout", () => {
  test("is the twenty fields in their order, big-endian, without gaps", () => {
    const fields: [fill: number, width: number, integer?: "integer"][] = [
      [1, 1],
      [2, 16],
      [3, 16],
      [4, 8, "integer"],
      [5, 4, "integer"],
      [6, 16],
      [7, 4, "integer"],
      [8, 32],
      [9, 32],
      [10, 32],
      [11, 32],
      [12, 32],
      [13, 8, "integer"],
      [0, 1],
      [15, 8, "integer"],
      [16, 32],
      [17, 32],
      [18, 8, "integer"],
      [19, 8, "integer"],
      [20, 32],
    ];
    const expected = fields.map(([fill, width, integer]) =>
      integer ? Buffer.concat([Buffer.alloc(width - 1), Buffer.of(fill)]) : Buffer.alloc(width, fill),
    );
    expect(toHex(encodeHeader(example))).toBe(Buffer.concat(expected).toString("hex"));
    expect(HEADER_BYTES).toBe(354);
  });

  test("the update id is that of an independent implementation (Python: struct and hashlib)", () => {
    const id = "dc32201a6fef5ab9f77062f7f081cddaf27ea95bbc14df5149663f6fd2a75afc";
    expect(updateIdOf(encodeHeader(example))).toBe(id);
  });
});

describe("decoding", () => {
  test("gives back what was encoded", () => {
    fc.assert(
      fc.property(headers, (header) => {
        const bytes = encodeHeader(header);
        expect(bytes).toHaveLength(HEADER_BYTES);
        expect(decodeHeader(bytes)).toEqual(header);
      }),
    );
  });

  test("reads a view into a larger buffer", () => {
    const buffer = Buffer.concat([Buffer.alloc(5, 0xff), encodeHeader(example), Buffer.alloc(5, 0xff)]);
    expect(decodeHeader(new Uint8Array(buffer.buffer, buffer.byteOffset + 5, HEADER_BYTES))).toEqual(example);
  });

  test("refuses every other length", () => {
    const bytes = encodeHeader(example);
    for (let length = 0; length < HEADER_BYTES; length++) {
      expect(decodeHeader(bytes.subarray(0, length))).toEqual(malformed);
    }
    const longer = decodeHeader(Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(longer).toEqual(refuse("HEADER_MALFORMED", "355 bytes, not 354"));
  });

  test.each([
    ["version", 0],
    ["codec", 233],
  ])("refuses another %s and says which", (field, offset) => {
    const bytes = encodeHeader(example);
    bytes[offset] = 2;
    expect(decodeHeader(bytes)).toEqual(refuse("HEADER_MALFORMED", `${field} 2`));
  });

  test.each([
    ["round", 33],
    ["payloadLength", 225],
    ["clientSeq", 306],
    ["issuedAtMs", 314],
  ])("takes %s up to 2^53 - 1 and refuses what a double would round", (field, offset) => {
    const bytes = Buffer.from(encodeHeader(example));
    bytes.writeBigUInt64BE(2n ** 53n - 1n, offset);
    expect(decodeHeader(bytes)).toEqual({ ...example, [field]: 2 ** 53 - 1 });
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      bytes.writeBigUInt64BE(value, offset);
      expect(decodeHeader(bytes)).toEqual(malformed);
    }
  });

  test("leaves the range of numExamples to admission: the whole u64 decodes", () => {
    for (const numExamples of [0n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(decodeHeader(encodeHeader({ ...example, numExamples }))).toEqual({ ...example, numExamples });
    }
  });

  test("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }), (bytes) => {
        const header = decodeHeader(bytes);
        if (!isRefusal(header)) expect(toHex(encodeHeader(header))).toBe(toHex(bytes));
      }),
    );
  });
});

describe("encoding", () => {
  test.each([
    { round: -1 },
    { round: 1.5 },
    { round: Number.NaN },
    { round: 2 ** 53 },
    { attempt: 2 ** 32 },
    { keyEpoch: 2 ** 32 },
    { codec: 1 },
    { numExamples: -1n },
    { numExamples: 2n ** 64n },
  ])("refuses %o", (change) => {
    expect(() => encodeHeader({ ...example, ...change })).toThrow(FederationError);
  });
});

test("any single flipped bit is refused, or is another header with another id whose signature fails", () => {
  const bytes = encodeHeader(example);
  const id = updateIdOf(bytes);
  const key = clientSigningKey(new Uint8Array(32).fill(1));
  const signature = key.sign(updateMessage(bytes));
  const { verify } = verifier(key.publicKey);
  expect(verify(updateMessage(bytes), signature)).toBe(true);

  for (let bit = 0; bit < 8 * HEADER_BYTES; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    const header = decodeHeader(flipped);
    if (isRefusal(header)) expect(header).toEqual(malformed);
    else expect(header).not.toEqual(example);
    expect(updateIdOf(flipped)).not.toBe(id);
    expect(verify(updateMessage(flipped), signature)).toBe(false);
  }
});
