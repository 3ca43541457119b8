import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalBytes, canonicalJson } from "./canonical-json.ts";

describe("RFC 8785", () => {
  test("section 3.2.2: literals, numbers and strings", () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("section 3.2.3: members in the order of UTF-16 code units", () => {
    const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const value = Object.fromEntries(names.map((name) => [name, 0]));
    const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"];
    expect(canonicalJson(value)).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(",")}}`);
  });

  test.each([
    [0, "0"],
    [-0, "0"],
    [Number.MIN_VALUE, "5e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [1e21, "1e+21"],
    [333333333.33333325, "333333333.33333325"],
    [-0.0000033333333333333333, "-0.0000033333333333333333"],
  ])("appendix B: %d", (number, text) => {
    expect(canonicalJson(number)).toBe(text);
  });
});

test("the bytes are UTF-8", () => {
  expect([...canonicalBytes("é")]).toEqual([0x22, 0xc3, 0xa9, 0x22]);
});

test("what it writes, JSON reads back as the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("the order in which an object was built does not matter", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
    }),
  );
});

test.each([
  ["undefined", undefined],
  ["an undefined member", { a: undefined }],
  ["a hole in an array", new Array(1)],
  ["NaN", [Number.NaN]],
  ["infinity", Infinity],
  ["a bigint", 1n],
  ["a date", new Date(0)],
  ["bytes", new Uint8Array(1)],
  ["a map", new Map()],
  ["a function", () => 0],
  ["a symbol", Symbol("s")],
  ["a lone surrogate", "\ud800"],
  ["a lone surrogate in a key", { "\udc00": 1 }],
])("%s has no canonical JSON", (_, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});
