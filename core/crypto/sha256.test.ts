import { expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { sha256, sha256Bytes } from "./sha256.ts";

const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("FIPS 180-4, appendix: the digest of abc", () => {
  expect(sha256("abc")).toBe(ABC);
  expect(toHex(sha256Bytes("abc"))).toBe(ABC);
});

test("parts are hashed one after the other, bytes as they are and text as UTF-8", () => {
  expect(sha256("a", Uint8Array.of(0x62), "c")).toBe(ABC);
  expect(sha256("é")).toBe(sha256(Uint8Array.of(0xc3, 0xa9)));
});
