import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { merkleRoot } from "../../core/crypto/merkle.ts";
import { toHex } from "../../core/ids.ts";
import { auditChain } from "./chain.ts";
import { type LeafParts, leafOf } from "./leaves.ts";

const parts = (text: string): LeafParts => ({
  publicBytes: Buffer.from(text),
  sealedBytes: null,
  salt: new Uint8Array(16),
});
const linksOf = (events: readonly LeafParts[]) => {
  const chain = auditChain();
  return { links: events.map((event) => toHex(chain.append(event))), root: chain.root() };
};

test("worked by hand: each link is SHA-256(0x02 || link before || leaf), from 32 zero bytes on", () => {
  const [a, b] = [parts("a"), parts("b")];
  const link = (before: Uint8Array, event: LeafParts) =>
    createHash("sha256").update(Uint8Array.of(2)).update(before).update(leafOf(event)).digest();
  const first = link(new Uint8Array(32), a);
  expect(linksOf([a, b]).links).toEqual([toHex(first), toHex(link(first, b))]);
});

test("the root is that of RFC 6962 over the leaves, after every event", () => {
  const chain = auditChain();
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < 20; i++) {
    expect(chain.root()).toBe(merkleRoot(leaves));
    expect(chain.size).toBe(i);
    chain.append(parts(String(i)));
    leaves.push(leafOf(parts(String(i))));
  }
});

test("one changed event changes every link from its own on, none before, and the root", () => {
  const texts = fc.array(fc.string(), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(texts, fc.nat(), (events, at) => {
      const changed = at % events.length;
      const before = linksOf(events.map(parts));
      const after = linksOf(events.map((text, i) => parts(i === changed ? `${text}!` : text)));
      expect(after.links.map((link, i) => link === before.links[i])).toEqual(events.map((_, i) => i < changed));
      expect(after.root).not.toBe(before.root);
    }),
  );
});
