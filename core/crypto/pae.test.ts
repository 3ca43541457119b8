import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { PAYLOAD_TYPES, type PayloadType, pae, preAuthEncoding } from "./pae.ts";

test("lengths count bytes, not characters", () => {
  const encoded = preAuthEncoding("é", Buffer.from("ü ü"));
  expect(Buffer.from(encoded).toString()).toBe("DSSEv1 2 é 5 ü ü");
});

test("every payload type has its own name", () => {
  const names = Object.values(PAYLOAD_TYPES);
  expect(new Set(names).size).toBe(names.length);
  for (const type of Object.keys(PAYLOAD_TYPES) as PayloadType[]) {
    expect(Buffer.from(pae(type, new Uint8Array())).toString()).toContain(` ${PAYLOAD_TYPES[type]} 0 `);
  }
});

test("no two pairs of type and body have one encoding", () => {
  const parts = fc.tuple(fc.stringMatching(/^[ 0-9a]{0,6}$/), fc.stringMatching(/^[ 0-9a]{0,6}$/));
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const [first, second] = [a, b].map(([type, body]) => toHex(preAuthEncoding(type, Buffer.from(body))));
      expect(first === second).toBe(a[0] === b[0] && a[1] === b[1]);
    }),
  );
});
