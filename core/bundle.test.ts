import { expect, test } from "vitest";
import { parseBundle } from "./bundle.ts";

const bundle = {
  address: "fed.example.org:7443",
  federationId: "f0".repeat(16),
  caCertificatePem: "-----BEGIN CERTIFICATE-----",
  coordinatorKey: "ab".repeat(32),
  logKey: "cd".repeat(32),
  clientName: "hospital-a",
  token: "t0ken",
  expiresAtMs: 1_000,
};

test("a bundle reads as it was written; no certificate means plaintext", () => {
  expect(parseBundle(JSON.stringify(bundle))).toEqual(bundle);
  expect(parseBundle(JSON.stringify({ ...bundle, caCertificatePem: null })).caCertificatePem).toBeNull();
});

test.each([
  ["address", "fed.example.org"],
  ["federationId", "F0"],
  ["coordinatorKey", "ab"],
  ["token", ""],
  ["expiresAtMs", "soon"],
  ["surprise", 1],
])("a wrong %s is named", (field, value) => {
  const wrong = JSON.stringify({ ...bundle, [field]: value });
  expect(() => parseBundle(wrong)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(field) }),
  );
});

test("what is no JSON is refused by the same name", () => {
  expect(() => parseBundle("{")).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
