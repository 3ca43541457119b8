import { expect, test } from "vitest";
import { enrollmentMessage } from "../../core/crypto/messages.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { coordinatorSigningKey, newSeed } from "../../core/crypto/sign.ts";
import { isRefusal } from "../../core/errors.ts";
import { type TestFederation, testFederation } from "../testing.ts";

async function attempt(
  { coordinator }: TestFederation,
  token: string,
  clientName: string,
  changes: { proof?: Uint8Array; key?: Uint8Array } = {},
) {
  const { parts } = coordinator;
  const key = coordinatorSigningKey(newSeed());
  const publicKey = changes.key ?? key.publicKey;
  const message = enrollmentMessage({
    federationId: parts.federationId,
    tokenSha256: sha256(token),
    clientName,
    publicKey,
  });
  const outcome = await parts.clients.enroll({
    token,
    clientName,
    publicKey,
    proof: changes.proof ?? key.sign(message),
  });
  return isRefusal(outcome) ? outcome.refused : "enrolled";
}

test("one token, fifty attempts at once: one success", async () => {
  const federation = await testFederation(0);
  const { token } = await federation.coordinator.parts.clients.invite("north", 60_000);
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => attempt(federation, token, "north")));
  expect(outcomes.filter((it) => it === "enrolled")).toHaveLength(1);
  expect(outcomes.filter((it) => it === "TOKEN_INVALID")).toHaveLength(49);
});

test("an unknown token, another name, an expired token, a wrong proof and a small-order key are refused", async () => {
  const federation = await testFederation(0);
  const { clients } = federation.coordinator.parts;
  const { token } = await clients.invite("north", 60_000);
  expect(await attempt(federation, "made-up", "north")).toBe("TOKEN_INVALID");
  expect(await attempt(federation, token, "south")).toBe("TOKEN_INVALID");
  expect(await attempt(federation, token, "north", { proof: new Uint8Array(64) })).toBe("PROOF_INVALID");
  expect(await attempt(federation, token, "north", { key: new Uint8Array(32) })).toBe("PUBLIC_KEY_WEAK");
  const late = await clients.invite("west", -1);
  expect(await attempt(federation, late.token, "west")).toBe("TOKEN_INVALID");
  expect(await attempt(federation, token, "north")).toBe("enrolled");
});

test("a name is enrolled once; inviting it again is refused, and so are names that are not plain", async () => {
  const federation = await testFederation(1);
  const { clients } = federation.coordinator.parts;
  await expect(clients.invite("client-0", 1_000)).rejects.toMatchObject({ code: "CLIENT_NAME_TAKEN" });
  await expect(clients.invite("../etc", 1_000)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("a revoked client is dropped at once and cannot open a session again", async () => {
  const federation = await testFederation(1);
  const { clients, sessions } = federation.coordinator.parts;
  const [client] = federation.clients;
  expect(await clients.revoke("client-0", "gone")).toBeUndefined();
  expect(sessions.isConnected(client?.enrolled.clientId as never)).toBe(false);
  const now = clients.find(client?.enrolled.clientId as never);
  expect(now?.revoked).toBe(true);
  const again = sessions.open(now as never, { send: () => undefined, end: () => undefined });
  expect(again).toMatchObject({ refused: "CLIENT_REVOKED" });
});
