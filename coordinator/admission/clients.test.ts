import { describe, expect, test } from "vitest";
import { enrollmentMessage } from "../../core/crypto/messages.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { coordinatorSigningKey, newSeed, type SigningKey } from "../../core/crypto/sign.ts";
import { isRefusal } from "../../core/errors.ts";
import { type TestFederation, testFederation } from "../testing.ts";
import { ClientRegister } from "./clients.ts";

async function attempt(
  { coordinator }: TestFederation,
  token: string,
  clientName: string,
  changes: { proof?: Uint8Array; key?: Uint8Array; signer?: SigningKey } = {},
) {
  const { parts } = coordinator;
  const key = changes.signer ?? coordinatorSigningKey(newSeed());
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

describe("an enrolment whose answer was lost", () => {
  async function enrolledNorth() {
    const federation = await testFederation(0);
    const { clients, journal } = federation.coordinator.parts;
    const { token } = await clients.invite("north", 60_000);
    const signer = coordinatorSigningKey(newSeed());
    expect(await attempt(federation, token, "north", { signer })).toBe("enrolled");
    return { federation, clients, journal, token, signer };
  }

  test("the same token, name, key and a proof: the client that is enrolled, and nothing more is stored", async () => {
    const { federation, clients, journal, token, signer } = await enrolledNorth();
    const size = journal.size;
    expect(await attempt(federation, token, "north", { signer })).toBe("enrolled");
    expect(clients.list()).toHaveLength(1);
    expect(journal.size).toBe(size);
  });

  test("asked for many times at once: one client, one event", async () => {
    const federation = await testFederation(0);
    const { clients, journal } = federation.coordinator.parts;
    const { token } = await clients.invite("north", 60_000);
    const size = journal.size;
    const signer = coordinatorSigningKey(newSeed());
    const again = Array.from({ length: 10 }, () => attempt(federation, token, "north", { signer }));
    expect(await Promise.all(again)).toEqual(Array.from({ length: 10 }, () => "enrolled"));
    expect(journal.size).toBe(size + 1);
  });

  test("another key, another name, a wrong proof, or a client that was revoked: the token is used", async () => {
    const { federation, clients, token, signer } = await enrolledNorth();
    expect(await attempt(federation, token, "north")).toBe("TOKEN_INVALID");
    expect(await attempt(federation, token, "south", { signer })).toBe("TOKEN_INVALID");
    expect(await attempt(federation, token, "north", { signer, proof: new Uint8Array(64) })).toBe("TOKEN_INVALID");
    await clients.revoke("north", "gone");
    expect(await attempt(federation, token, "north", { signer })).toBe("TOKEN_INVALID");
  });

  test("another token for the name does not give it", async () => {
    const federation = await testFederation(0);
    const { clients } = federation.coordinator.parts;
    const [first, second] = [await clients.invite("north", 60_000), await clients.invite("north", 60_000)];
    const signer = coordinatorSigningKey(newSeed());
    expect(await attempt(federation, first.token, "north", { signer })).toBe("enrolled");
    expect(await attempt(federation, second.token, "north", { signer })).toBe("CLIENT_NAME_TAKEN");
  });

  test("replayed from the journal, the register still knows it", async () => {
    const { federation, journal, token, signer } = await enrolledNorth();
    const { parts } = federation.coordinator;
    const register = new ClientRegister({ ...parts, dropSessions: () => undefined, released: () => undefined });
    for (const { event } of journal.read(0, 100)) register.replay(event);
    const restarted = {
      ...federation,
      coordinator: { ...federation.coordinator, parts: { ...parts, clients: register } },
    };
    expect(await attempt(restarted, token, "north", { signer })).toBe("enrolled");
    expect(await attempt(restarted, token, "north")).toBe("TOKEN_INVALID");
  });
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
