import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../ids.ts";
import { leafHash, merkleFrontier, merkleRoot, nodeHash } from "./merkle.ts";
import { sha256, sha256Bytes } from "./sha256.ts";

/** RFC 6962, section 2.1, as it is written: split at the largest power of two below n. */
function treeHash(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256Bytes();
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let split = 1;
  while (2 * split < leaves.length) split *= 2;
  return nodeHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

const leaves = Array.from({ length: 130 }, (_, i) => leafHash(Buffer.from(`event ${i}`)));

test("the frontier has the RFC's root after every append", () => {
  const tree = merkleFrontier();
  expect(tree.root()).toBe(sha256());
  for (const [i, leaf] of leaves.entries()) {
    tree.append(leaf);
    expect(tree.size).toBe(i + 1);
    expect(tree.root()).toBe(toHex(treeHash(leaves.slice(0, i + 1))));
  }
});

test("asking for the root changes nothing", () => {
  const tree = merkleFrontier();
  for (const leaf of leaves) {
    tree.append(leaf);
    expect(tree.root()).toBe(tree.root());
  }
  expect(tree.root()).toBe(merkleRoot(leaves));
});

test("another leaf, another order or another number of leaves is another root", () => {
  const sizes = fc.integer({ min: 2, max: leaves.length });
  fc.assert(
    fc.property(sizes, fc.nat(), (size, seed) => {
      const some = leaves.slice(0, size);
      const at = seed % (size - 1);
      const root = merkleRoot(some);
      expect(merkleRoot(some.with(at, leafHash(Buffer.from("another"))))).not.toBe(root);
      const [a, b] = [some[at] as Uint8Array, some[at + 1] as Uint8Array];
      expect(merkleRoot(some.with(at, b).with(at + 1, a))).not.toBe(root);
      expect(merkleRoot(some.slice(0, -1))).not.toBe(root);
      expect(merkleRoot([...some, b])).not.toBe(root);
    }),
  );
});

test("a leaf that spells an inner node is not one", () => {
  const [a, b] = [leaves[0] as Uint8Array, leaves[1] as Uint8Array];
  expect(toHex(leafHash(Buffer.concat([a, b])))).not.toBe(toHex(nodeHash(a, b)));
});
