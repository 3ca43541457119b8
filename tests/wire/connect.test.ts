import { expect, onTestFinished, test } from "vitest";
import { type DelayProxy, delayProxy } from "../../bench/delay-proxy.ts";
import { grpcTransport } from "../../client/grpc/grpc-transport.ts";
import type { ClientProfile } from "../../client/profile.ts";
import { clientSigningKey, newSeed, type SigningKey } from "../../core/crypto/sign.ts";
import { signTask } from "../../core/crypto/statements.ts";
import { asDigest, clientIdOf, ZERO_DIGEST } from "../../core/ids.ts";
import { FEDERATION_ID, JOB_ID, silentLog, wireFederation } from "./federation.ts";

function transportOf(profile: ClientProfile, signer: SigningKey) {
  const transport = grpcTransport({ profile, signer, log: silentLog });
  onTestFinished(() => transport.close());
  return transport;
}
const connectAs = (profile: ClientProfile, signer: SigningKey) =>
  transportOf(profile, signer).connect(AbortSignal.timeout(20_000));
const refusedWith = (code: string) => expect.objectContaining({ name: "FederationError", code });

test("an enrolled client connects; what it is pushed arrives, and what it answers is heard", async () => {
  const { connect, parts, heard } = await wireFederation();
  const session = await connect("site");
  const clientId = clientIdOf("site");
  expect(parts.sessions.isConnected(clientId)).toBe(true);
  const attempt = { jobId: JOB_ID, round: 3, attempt: 1 };
  const task = signTask(
    {
      ...attempt,
      federationId: FEDERATION_ID,
      clientId,
      serverNonce: ZERO_DIGEST,
      baseModelSha256: ZERO_DIGEST,
      planSha256: ZERO_DIGEST,
      tensorSchemaSha256: ZERO_DIGEST,
      cohortSize: 2,
      deadlineMs: 1_000,
      epsilonBefore: null,
      epsilonAfter: null,
    },
    parts.keys.coordinator,
  );
  const modelSha256 = asDigest("ab".repeat(32));
  parts.sessions.push(clientId, { type: "task", task });
  parts.sessions.push(clientId, { type: "cancel", ...attempt, reason: "deadline" });
  parts.sessions.push(clientId, { type: "roundClosed", ...attempt, counted: true, modelSha256 });
  parts.sessions.push(clientId, { type: "jobEnded", jobId: JOB_ID, outcome: "completed", reason: "" });

  const messages = session.messages[Symbol.asyncIterator]();
  const next = async () => (await messages.next()).value;
  expect(await next()).toEqual({
    type: "task",
    task: { statement: task.statement, bytes: Buffer.from(task.bytes), signature: task.signature },
  });
  expect(await next()).toEqual({ type: "cancel", task: attempt, reason: "deadline" });
  expect(await next()).toEqual({ type: "roundClosed", task: attempt, counted: true, modelSha256 });
  expect(await next()).toEqual({ type: "jobEnded", jobId: JOB_ID, outcome: "completed", reason: "" });

  session.accept(attempt);
  session.progress(attempt, 5, 20);
  session.decline(attempt, "no \u0007 such\nmodel");
  await expect
    .poll(() => heard)
    .toEqual([`connected ${clientId}`, "accepted 3.1", "progressed 3 5/20", "declined 3.1 no   such model"]);

  session.close();
  expect(await messages.next()).toEqual({ done: true, value: undefined });
  await expect.poll(() => parts.sessions.isConnected(clientId)).toBe(false);
});

test("another key's proof, an unknown client, a stale epoch and a revoked key are refused by name", async () => {
  const { enrol, parts } = await wireFederation();
  const { profile, key } = enrol("site");
  const stranger = clientSigningKey(newSeed());
  await expect(connectAs(profile, stranger)).rejects.toEqual(refusedWith("PROOF_INVALID"));
  const unknown = { ...profile, clientId: clientIdOf("nobody") };
  await expect(connectAs(unknown, key)).rejects.toEqual(refusedWith("CLIENT_UNKNOWN"));
  await expect(connectAs({ ...profile, keyEpoch: 2 }, key)).rejects.toEqual(refusedWith("KEY_EPOCH_STALE"));
  await parts.clients.revoke("site", "lost");
  await expect(connectAs(profile, key)).rejects.toEqual(refusedWith("CLIENT_REVOKED"));
});

test("a proof for one federation opens no session in another", async () => {
  const { enrol } = await wireFederation();
  const { profile, key } = enrol("site");
  const elsewhere = { ...profile, federationId: "e1".repeat(16) as typeof profile.federationId };
  await expect(connectAs(elsewhere, key)).rejects.toEqual(refusedWith("PROOF_INVALID"));
});

test("a journal head under another log key is not believed", async () => {
  const { enrol, parts } = await wireFederation();
  const { profile, key } = enrol("site");
  const event = { type: "ClientRevoked", clientId: profile.clientId, reason: "", atMs: 0 } as const;
  await parts.journal.append([{ event }]);
  await connectAs(profile, key);
  const forged = { ...profile, logKey: profile.coordinatorKey };
  await expect(connectAs(forged, key)).rejects.toEqual(refusedWith("MESSAGE_INVALID"));
});

test("a newer session of the same client replaces the older one", async () => {
  const { enrol, parts } = await wireFederation();
  const { profile, key } = enrol("site");
  const older = await connectAs(profile, key);
  const newer = await connectAs(profile, key);
  const end = older.messages[Symbol.asyncIterator]().next();
  await expect(end).rejects.toEqual(refusedWith("SESSION_INVALID"));
  expect(parts.sessions.isConnected(profile.clientId)).toBe(true);
  newer.close();
});

test("revocation reaches an open stream at once, and its token is worth nothing", async () => {
  const { connect, parts } = await wireFederation();
  const session = await connect("site");
  const end = session.messages[Symbol.asyncIterator]().next();
  await parts.clients.revoke("site", "stolen");
  await expect(end).rejects.toEqual(refusedWith("CLIENT_REVOKED"));
  await expect(session.receiptOf(ZERO_DIGEST)).rejects.toEqual(refusedWith("SESSION_INVALID"));
});

test("heartbeats keep an otherwise silent session open on both sides", async () => {
  const { connect, parts } = await wireFederation({ limits: { idleMs: 1_000 } });
  const session = await connect("site");
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  expect(parts.sessions.isConnected(clientIdOf("site"))).toBe(true);
  session.close();
});

test("a coordinator that falls silent on an open connection is given up", async () => {
  let proxy: DelayProxy | undefined;
  const { connect, parts } = await wireFederation({
    limits: { idleMs: 500 },
    async through(port) {
      proxy = await delayProxy(port, 0);
      return `127.0.0.1:${proxy.port}`;
    },
  });
  onTestFinished(() => proxy?.close());
  const session = await connect("site");
  proxy?.freeze();
  const end = session.messages[Symbol.asyncIterator]().next();
  await expect(end).rejects.toEqual(refusedWith("COORDINATOR_UNREACHABLE"));
  await expect.poll(() => parts.sessions.isConnected(clientIdOf("site"))).toBe(false);
});

test("nobody listens: COORDINATOR_UNREACHABLE", async () => {
  const { enrol, server } = await wireFederation();
  const { profile, key } = enrol("site");
  await server.stop();
  await expect(connectAs(profile, key)).rejects.toEqual(refusedWith("COORDINATOR_UNREACHABLE"));
});

test("plaintext beyond loopback is refused on both sides unless forced", async () => {
  const { enrol } = await wireFederation();
  const { profile, key } = enrol("site");
  const remote = { ...profile, address: "coordinator.example:7443" };
  expect(() => transportOf(remote, key)).toThrow(refusedWith("PLAINTEXT_REFUSED"));
});
