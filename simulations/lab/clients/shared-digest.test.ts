import { expect, test } from "vitest";
import { sha256 } from "../../../core/crypto/sha256.ts";
import { sharedDigest } from "./shared-digest.ts";

test("the very same bytes are hashed once, equal ones and others each for themselves", () => {
  const digestOf = sharedDigest();
  const model = Uint8Array.of(1, 2, 3);
  const asItWas = sha256(model);
  expect(digestOf(model)).toBe(asItWas);
  model[0] = 9;
  expect(digestOf(model)).toBe(asItWas);
  expect(digestOf(Uint8Array.from(model))).toBe(sha256(model));
  expect(digestOf(Uint8Array.of(1, 2, 3))).toBe(asItWas);
});
