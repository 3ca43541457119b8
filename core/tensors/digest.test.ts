import { endianness } from "node:os";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sha256 } from "../crypto/sha256.ts";
import { toHex } from "../ids.ts";
import { bytesOf, floatsOf, payloadDigest, schemaDigest } from "./digest.ts";

vi.mock("node:os", async (original) => ({
  ...(await original<typeof import("node:os")>()),
  endianness: vi.fn(() => "LE"),
}));
afterEach(() => void vi.mocked(endianness).mockReturnValue("LE"));

const values = fc.float32Array();

describe("the bytes of values", () => {
  test("are little-endian float32", () => {
    expect(toHex(bytesOf(Float32Array.of(1, -2)))).toBe("0000803f000000c0");
  });

  test("are a view: nothing is copied either way", () => {
    const floats = new Float32Array(8);
    const part = floats.subarray(2, 6);
    floatsOf(bytesOf(part))[0] = 7;
    expect(floats[2]).toBe(7);
    expect(bytesOf(part).byteLength).toBe(16);
  });

  test("come back bit for bit, NaN payloads too, from any alignment", () => {
    fc.assert(
      fc.property(values, fc.nat(7), (floats, shift) => {
        const moved = new Uint8Array(shift + 4 * floats.length);
        moved.set(bytesOf(floats), shift);
        expect(toHex(bytesOf(floatsOf(moved.subarray(shift))))).toBe(toHex(bytesOf(floats)));
      }),
    );
  });

  test("are swapped on a big-endian machine, and the values stay untouched", () => {
    const floats = Float32Array.of(1, -2);
    vi.mocked(endianness).mockReturnValue("BE");
    const swapped = bytesOf(floats);
    expect(toHex(swapped)).toBe("3f800000c0000000");
    expect([...floatsOf(swapped)]).toEqual([1, -2]);
    expect([...floats]).toEqual([1, -2]);
  });

  test.each([1, 2, 3, 5])("cannot number %d", (length) => {
    expect(() => floatsOf(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: "PAYLOAD_LENGTH_MISMATCH" }),
    );
  });
});

test("a payload's address is SHA-256 of its little-endian bytes", () => {
  expect(payloadDigest(Float32Array.of(1, -2))).toBe(sha256(Buffer.from("0000803f000000c0", "hex")));
  expect(payloadDigest(Float32Array.of(0))).not.toBe(payloadDigest(Float32Array.of(-0)));
});

describe("a schema's digest", () => {
  const schema = [
    { name: "kernel", shape: [2, 3] },
    { name: "bias", shape: [3] },
  ];

  test("is SHA-256 of the canonical JSON of its names and shapes", () => {
    expect(schemaDigest(schema)).toBe(sha256('[{"name":"kernel","shape":[2,3]},{"name":"bias","shape":[3]}]'));
  });

  test("depends on the order, the names and the shapes, and on nothing else", () => {
    expect(schemaDigest(schema.toReversed())).not.toBe(schemaDigest(schema));
    expect(
      schemaDigest([
        { name: "kernel", shape: [3, 2] },
        { name: "bias", shape: [3] },
      ]),
    ).not.toBe(schemaDigest(schema));
    expect(schemaDigest(schema.map((tensor) => ({ ...tensor, trainable: true })))).toBe(schemaDigest(schema));
  });
});
