import fc from "fast-check";
import { expect, test } from "vitest";
import { asClientId, asDigest, asFederationId, toHex } from "../ids.ts";
import { administrationMessage, connectionMessage, enrollmentMessage } from "./messages.ts";

const federationId = asFederationId("01".repeat(16));

test("the bytes under a proof of possession, a connection proof and an administration call", () => {
  const enrollment = enrollmentMessage({
    federationId,
    tokenSha256: asDigest("02".repeat(32)),
    clientName: 'ward "7"',
    publicKey: new Uint8Array(32).fill(3),
  });
  expect(Buffer.from(enrollment).toString()).toBe(
    `DSSEv1 38 application/vnd.holdfast.enrollment.v1 237 {"clientName":"ward \\"7\\"","federationId":"${"01".repeat(16)}",` +
      `"publicKey":"${"03".repeat(32)}","tokenSha256":"${"02".repeat(32)}"}`,
  );

  const connection = connectionMessage({
    federationId,
    clientId: asClientId("04".repeat(16)),
    keyEpoch: 1,
    challenge: Uint8Array.of(5),
  });
  expect(Buffer.from(connection).toString()).toContain(
    `{"challenge":"05","clientId":"${"04".repeat(16)}","federationId":"${"01".repeat(16)}","keyEpoch":1}`,
  );

  const administration = administrationMessage({
    method: "/holdfast.v1.Administration/StartJob",
    bodySha256: Uint8Array.of(6),
    nonce: Uint8Array.of(7),
    timeMs: 8,
  });
  expect(Buffer.from(administration).toString()).toContain(
    '{"bodySha256":"06","method":"/holdfast.v1.Administration/StartJob","nonce":"07","timeMs":8}',
  );
});

test("different parts never make the same bytes", () => {
  const parts = fc.record({
    method: fc.string({ maxLength: 4 }),
    bodySha256: fc.uint8Array({ maxLength: 2 }),
    nonce: fc.uint8Array({ maxLength: 2 }),
    timeMs: fc.nat(3),
  });
  const identity = (it: { method: string; bodySha256: Uint8Array; nonce: Uint8Array; timeMs: number }) =>
    JSON.stringify([it.method, [...it.bodySha256], [...it.nonce], it.timeMs]);
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = toHex(administrationMessage(a)) === toHex(administrationMessage(b));
      expect(same).toBe(identity(a) === identity(b));
    }),
  );
});
