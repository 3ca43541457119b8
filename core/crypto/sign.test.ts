import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../ids.ts";
import { seededRandom } from "../random/seeded.ts";
import { clientSigningKey, coordinatorSigningKey, newSeed } from "./sign.ts";
import { verifier } from "./verify.ts";

const implementations = [clientSigningKey, coordinatorSigningKey];

test.each(implementations)("RFC 8032, section 7.1, test 2: %o", (signingKey) => {
  const key = signingKey(fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  expect(toHex(key.publicKey)).toBe("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  expect(toHex(key.sign(Uint8Array.of(0x72)))).toBe(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
});

test("client and coordinator sign the same bytes, and both verify", () => {
  const seed32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(seed32, fc.uint8Array(), (seed, message) => {
      const client = clientSigningKey(seed);
      const coordinator = coordinatorSigningKey(seed);
      expect(toHex(client.publicKey)).toBe(toHex(coordinator.publicKey));
      expect(toHex(client.sign(message))).toBe(toHex(coordinator.sign(message)));
      expect(verifier(client.publicKey).verify(message, client.sign(message))).toBe(true);
    }),
    { numRuns: 10 },
  );
});

test.each(implementations)("a seed of another length makes no key: %o", (signingKey) => {
  expect(() => signingKey(new Uint8Array(31))).toThrow();
  expect(() => signingKey(new Uint8Array(64))).toThrow();
});

test("a key shows its public half only", () => {
  for (const signingKey of implementations) {
    expect(Object.keys(signingKey(newSeed())).sort()).toEqual(["publicKey", "sign"]);
  }
});

test("a new seed is 32 bytes of the source it is given", () => {
  expect(newSeed()).toHaveLength(32);
  expect(toHex(newSeed())).not.toBe(toHex(newSeed()));
  const seed = new Uint8Array(32);
  expect(toHex(newSeed(seededRandom(seed)))).toBe(toHex(seededRandom(seed).bytes(32)));
});
