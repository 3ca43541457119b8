import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { leafHash, merkleFrontier, merkleRoot, nodeHash } from "../../core/crypto/merkle.ts";
import { preAuthEncoding } from "../../core/crypto/pae.ts";
import { clientSigningKey, coordinatorSigningKey } from "../../core/crypto/sign.ts";
import { isAcceptablePublicKey, verifier } from "../../core/crypto/verify.ts";
import { fromHex, toHex } from "../../core/ids.ts";
import golden from "./crypto.json" with { type: "json" };

/** What our product answers: a weak key makes no verifier, and so verifies nothing. */
function accepts(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isAcceptablePublicKey(publicKey) && verifier(publicKey).verify(message, signature);
}

describe("ed25519-speccheck (Chalkias et al. 2020): twelve edge cases", () => {
  const { cases, results } = golden.ed25519_speccheck;
  const libsodium = results["libsodium (README table)"];
  const nodeCrypto = results["node:crypto (Node 20.20.2, OpenSSL 3.0.19)"];

  const rows = [
    [0, "X", "S = 0, key and R of small order: one signature for every message"],
    [1, "X", "key of small order, R of mixed order"],
    [2, "X", "key of mixed order, R of small order"],
    [3, "V", "key and R of mixed order: only the signer can make it, and every library takes it"],
    [4, "X", "only the cofactored equation holds"],
    [5, "X", "only the cofactored equation holds, and only if k is not reduced after multiplying by 8"],
    [6, "X", "S above L"],
    [7, "X", "S far above L"],
    [8, "X", "R not canonical, hashed in its reduced form"],
    [9, "X", "R not canonical, hashed as given"],
    [10, "X", "key not canonical, hashed in its reduced form"],
    [11, "X", "key not canonical, hashed as given"],
  ] as const;

  function answerTo(row: number): "V" | "X" {
    const { message, pub_key, signature } = cases[row] as (typeof cases)[number];
    return accepts(fromHex(pub_key), fromHex(message), fromHex(signature)) ? "V" : "X";
  }

  test("the rows below are the libsodium column, the strictest of those measured", () => {
    expect(rows).toHaveLength(cases.length);
    expect(rows.map(([, answer]) => answer).join("")).toBe(libsodium);
  });

  test.each(rows)("row %i: %s, %s", (row, answer) => {
    expect(answerTo(row)).toBe(answer);
  });

  test("the least that must be refused is: S >= L (6, 7) and keys of small order (0, 1, 11)", () => {
    expect([0, 1, 6, 7, 11].map(answerTo).join("")).toBe("XXXXX");
  });

  test("we accept nothing that node:crypto alone refuses, and refuse four rows that it accepts", () => {
    const different = cases.flatMap((_, row) => (answerTo(row) === nodeCrypto[row] ? [] : [row]));
    expect(different).toEqual([0, 1, 2, 11]);
    expect(different.map(answerTo).join("")).toBe("XXXX");
  });
});

describe("Wycheproof ed25519: the file has no vectors, so the behaviours it names are made here", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const seed = new Uint8Array(32).fill(3);
  const key = clientSigningKey(seed);
  const message = Buffer.from("one update");
  const signature = key.sign(message);

  function sOf(bytes: Uint8Array): bigint {
    return BigInt(`0x${toHex(Uint8Array.from(bytes.subarray(32)).reverse())}`);
  }

  function withS(bytes: Uint8Array, change: (s: bigint) => bigint): Uint8Array {
    const s = change(sOf(bytes)).toString(16).padStart(64, "0");
    return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, "hex").reverse()]);
  }

  test("the signature itself verifies, here and in tweetnacl", () => {
    expect(accepts(key.publicKey, message, signature)).toBe(true);
    expect(nacl.sign.detached.verify(message, signature, key.publicKey)).toBe(true);
  });

  test.each([1n, 2n, 4n, 8n])("tcId 63 to 66: S + %iL, which tweetnacl accepts, is refused", (times) => {
    const malleated = withS(signature, (s) => s + times * order);
    expect(nacl.sign.detached.verify(message, malleated, key.publicKey)).toBe(true);
    expect(accepts(key.publicKey, message, malleated)).toBe(false);
  });

  test("tcId 85: S just above its bound, which tweetnacl accepts, is refused", () => {
    const messages = Array.from({ length: 200 }, (_, i) => Buffer.from(`update ${i}`));
    const signed = messages.map((it) => ({ message: it, signature: coordinatorSigningKey(seed).sign(it) }));
    const lowest = signed.reduce((best, it) => (sOf(it.signature) < sOf(best.signature) ? it : best));
    const above = withS(lowest.signature, (s) => s + order);
    expect(sOf(above) - order).toBeLessThan(order / 20n);
    expect(nacl.sign.detached.verify(lowest.message, above, key.publicKey)).toBe(true);
    expect(accepts(key.publicKey, lowest.message, lowest.signature)).toBe(true);
    expect(accepts(key.publicKey, lowest.message, above)).toBe(false);
  });

  test.each([0, 1, 32, 63, 65, 66, 96, 128])(
    "tcId 30 to 41: a signature of %i bytes is false, not an exception",
    (length) => {
      const resized = Buffer.concat([signature, signature]).subarray(0, length);
      expect(() => nacl.sign.detached.verify(message, resized, key.publicKey)).toThrow("bad signature size");
      expect(accepts(key.publicKey, message, resized)).toBe(false);
    },
  );
});

describe("X25519 low-order points: not applicable, the product agrees on no shared secrets", () => {
  const X25519_SPKI = Buffer.from("302a300506032b656e032100", "hex");
  const { points, results } = golden.x25519_low_order;

  test.each(points)("the primitive to take when it does, node:crypto, refuses %s", (point) => {
    const { privateKey } = generateKeyPairSync("x25519");
    const publicKey = createPublicKey({
      key: Buffer.concat([X25519_SPKI, fromHex(point)]),
      format: "der",
      type: "spki",
    });
    expect(results["node:crypto diffieHellman"]).toBe("throws");
    expect(() => diffieHellman({ privateKey, publicKey })).toThrow();
  });

  test.each(points)("and not tweetnacl, which answers 32 zero bytes to %s", (point) => {
    expect([...nacl.scalarMult(new Uint8Array(32).fill(1), fromHex(point))]).toEqual(new Array(32).fill(0));
  });
});

describe("RFC 6962 Merkle tree, of transparency-dev/merkle", () => {
  const tree = golden.rfc6962_merkle;
  const leaves = tree.leaf_inputs_hex.map((hex) => leafHash(fromHex(hex)));

  test("the empty root and the hashes of leaves and nodes", () => {
    expect(merkleFrontier().root()).toBe(tree.empty_root);
    expect(toHex(leafHash(new Uint8Array()))).toBe(tree.empty_leaf);
    expect(toHex(leafHash(Buffer.from("L123456")))).toBe(tree.leaf_L123456);
    expect(toHex(nodeHash(Buffer.from("N123"), Buffer.from("N456")))).toBe(tree.node_N123_N456);
  });

  test.each(Object.entries(tree.root_by_size))("the root of %s leaves", (size, root) => {
    expect(merkleRoot(leaves.slice(0, Number(size)))).toBe(root);
  });
});

test("DSSE pre-authentication encoding, of protocol.md", () => {
  const { payload_type, body, pae } = golden.dsse_pae;
  expect(Buffer.from(preAuthEncoding(payload_type, Buffer.from(body))).toString()).toBe(pae);
});
