import pino from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { FederationError, isRefusal } from "../../core/errors.ts";
import type { JobId } from "../../core/ids.ts";
import { bytesOf, floatsOf } from "../../core/tensors/digest.ts";
import { openCoordinator } from "../coordinator.ts";
import { memoryBlobStore } from "../storage/memory-blob-store.ts";
import { memoryJournal } from "../storage/memory-journal.ts";
import {
  eventsOf,
  headerFor,
  inThisThread,
  jobEnded,
  send,
  sendDelta,
  type TestFederation,
  taskOf,
  testFederation,
  testHome,
} from "../testing.ts";

const D = 8;
const plan = (changes = "", rule = "{ name: TrimmedMean }", f = 1) => `
job: rounds
model: { builtin: softmax, inputs: 3, classes: 2 }
rounds: 2
round: { quorum: 4, graceMs: 100, deadlineMs: 1000, minUpdates: 4 }
aggregation: { rule: ${rule}, numByzantine: ${f} }
${changes}
`;

const delta = (value: number) => new Float32Array(D).fill(value);

async function start(federation: TestFederation, planYaml: string): Promise<JobId> {
  const { jobId } = await federation.coordinator.parts.jobs.start(planYaml, "/");
  return jobId;
}

async function answerRound(federation: TestFederation, round: number, values: readonly number[]): Promise<void> {
  for (const [i, value] of values.entries()) {
    const client = federation.clients[i];
    if (client === undefined) throw new Error("too many values");
    const outcome = await sendDelta(federation, client, await taskOf(client, round), delta(value));
    if (isRefusal(outcome)) throw new Error(outcome.detail);
  }
}

async function finalModel(federation: TestFederation, jobId: JobId): Promise<number[]> {
  const { jobs, blobs } = federation.coordinator.parts;
  const [initial, ...versions] = jobs.models(jobId);
  const last = versions.at(-1);
  if (initial === undefined || last === undefined) throw new Error("no version");
  const before = floatsOf(await blobs.read(initial.modelSha256));
  return [...floatsOf(await blobs.read(last.modelSha256))].map((value, i) => value - (before[i] as number));
}

test("two rounds in memory: the attacker at 1000 is trimmed, and the model moves by the mean of the honest middle", async () => {
  const federation = await testFederation(4);
  const jobId = await start(federation, plan());
  await answerRound(federation, 1, [1, 2, 3, 1000]);
  await answerRound(federation, 2, [1, 2, 3, 1000]);
  await jobEnded(federation, jobId);
  for (const value of await finalModel(federation, jobId)) expect(value).toBeCloseTo(5, 5);
  expect(federation.errors).toEqual([]);
  expect(federation.coordinator.parts.jobs.list()).toMatchObject([{ phase: "completed", round: 2 }]);
});

test("what cannot hold is refused before the job starts", async () => {
  const federation = await testFederation(4);
  await expect(start(federation, plan("", "{ name: Krum }", 1))).rejects.toMatchObject({ code: "INFEASIBLE_RULE" });
  await expect(start(federation, plan("", "{ name: Krumm }", 0))).rejects.toMatchObject({ code: "RULE_UNKNOWN" });
  await expect(start(federation, plan("rounds: x"))).rejects.toMatchObject({ code: "PLAN_INVALID" });
  await expect(start(federation, plan().replace(/4/g, "5"))).rejects.toMatchObject({ code: "TOO_FEW_CLIENTS" });
  const medianWithNoise = plan(
    "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.001, maxEpsilon: 10 }",
    "{ name: Median }",
  );
  await expect(start(federation, medianWithNoise)).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  expect(federation.coordinator.parts.jobs.list()).toEqual([]);
});

test("a round below its minimum is abandoned at the deadline and tried again with a fresh nonce", async () => {
  const federation = await testFederation(4);
  const jobId = await start(federation, plan().replace("deadlineMs: 1000", "deadlineMs: 60"));
  const [client] = federation.clients;
  if (client === undefined) throw new Error("no client");
  const first = await taskOf(client, 1, 0);
  const second = await taskOf(client, 1, 1);
  expect(second.serverNonce).not.toBe(first.serverNonce);
  await jobEnded(federation, jobId);
  expect(federation.coordinator.parts.jobs.list()).toMatchObject([{ phase: "failed" }]);
  expect(eventsOf(federation, jobId).filter((it) => it.type === "RoundAbandoned")).toHaveLength(5);
  expect(client.pushed.filter((it) => it.type === "cancel")).toHaveLength(5);
});

test("with central privacy each round is charged before its version, and the job ends before it would exceed epsilon", async () => {
  const federation = await testFederation(4);
  const privacy = "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 2, delta: 0.001, maxEpsilon: 2.5 }";
  const jobId = await start(federation, plan(privacy).replace("rounds: 2", "rounds: 50"));
  for (let round = 1; ; round++) {
    const ended = () => eventsOf(federation, jobId).some((it) => it.type === "JobEnded");
    const [first] = federation.clients;
    if (first === undefined) throw new Error("no client");
    const task = await Promise.race([taskOf(first, round), jobEnded(federation, jobId).then(() => undefined)]);
    if (task === undefined || ended()) break;
    expect(task.epsilonAfter).toBeGreaterThan(task.epsilonBefore ?? 0);
    expect(task.epsilonAfter).toBeLessThanOrEqual(2.5);
    for (const client of federation.clients) {
      const header = headerFor(await taskOf(client, round), delta(1), { numExamples: 0n });
      await send(federation, client, header, bytesOf(delta(1)));
    }
  }
  const events = eventsOf(federation, jobId);
  const order = events.flatMap((it) =>
    it.type === "ChargeReserved" || it.type === "VersionCommitted" ? [it.type] : [],
  );
  expect(order.length).toBeGreaterThanOrEqual(4);
  expect(order.every((type, i) => type === (i % 2 === 0 ? "ChargeReserved" : "VersionCommitted"))).toBe(true);
  expect(events.at(-1)).toMatchObject({
    type: "JobEnded",
    outcome: "stopped",
    reason: expect.stringContaining("PRIVACY_BUDGET_SPENT"),
  });
});

test("a restart between any two events of a round ends in the same bits as no restart", async () => {
  const home = testHome();
  const models = new Set<string>();
  for (let cut = 0; cut <= 2; cut++) {
    const journal = memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock });
    const blobs = memoryBlobStore("/nowhere");
    const federation = await testFederation(4, { home, journal, blobs });
    const jobId = await start(federation, plan("seed: 7"));
    await answerRound(federation, 1, [1, 2, 3, 4].slice(0, cut * 2));
    await federation.coordinator.halt();
    const errors: unknown[] = [];
    const fatal = (error: unknown) => errors.push(error);
    const again = await openCoordinator({
      home,
      journal,
      blobs,
      ...inThisThread,
      log: pino({ level: "silent" }),
      fatal,
    });
    const clients = federation.clients.map((client) => {
      const session = again.parts.sessions.open(client.enrolled, {
        send: (it) => client.pushed.push(it),
        end: () => undefined,
      });
      if (isRefusal(session)) throw new Error(session.detail);
      client.pushed.length = 0;
      return { ...client, session };
    });
    const restarted = { coordinator: again, clients, errors };
    await again.resume();
    for (const [i, client] of clients.entries()) {
      if (i >= cut * 2) await sendDelta(restarted, client, await taskOf(client, 1), delta(i + 1));
    }
    await answerRound(restarted, 2, [1, 2, 3, 4]);
    await jobEnded(restarted, jobId);
    models.add(again.parts.jobs.models(jobId).at(-1)?.modelSha256 ?? "none");
    expect(errors).toEqual([]);
  }
  expect(models.size).toBe(1);
});

test("a revoked member of the cohort is waited for no longer, and the round goes on without it", async () => {
  const federation = await testFederation(5);
  const jobId = await start(federation, plan());
  await answerRound(federation, 1, [1, 2, 3, 4]);
  await federation.coordinator.parts.clients.revoke("client-4", "stolen key");
  const [first] = federation.clients;
  if (first === undefined) throw new Error("no client");
  await taskOf(first, 2);
  await answerRound(federation, 2, [1, 2, 3, 4]);
  await jobEnded(federation, jobId);
  const closed = eventsOf(federation, jobId).filter((it) => it.type === "RoundClosed");
  expect(closed.map((it) => [it.rows.length, it.absent.length])).toEqual([
    [4, 1],
    [4, 0],
  ]);
});

test("a round that cannot be closed ends its job, not the coordinator", async () => {
  const federation = await testFederation(4);
  const { journal } = federation.coordinator.parts;
  const jobId = await start(federation, plan());
  const read = journal.inlineBlob.bind(journal);
  journal.inlineBlob = () => {
    throw new FederationError("PAYLOAD_DIGEST_MISMATCH", "a bit has flipped");
  };
  await answerRound(federation, 1, [1, 2, 3, 4]);
  await jobEnded(federation, jobId);
  journal.inlineBlob = read;
  expect(federation.coordinator.parts.jobs.list()).toMatchObject([{ phase: "failed" }]);
  expect(federation.errors).toEqual([]);
});

test("a round that cannot be opened ends its job, not the coordinator", async () => {
  const federation = await testFederation(4);
  const { parts } = federation.coordinator;
  const { clients } = parts;
  const find = clients.find.bind(clients);
  clients.find = () => {
    throw new FederationError("INTERNAL", "nobody is found");
  };
  const jobId = await start(federation, plan());
  await jobEnded(federation, jobId);
  clients.find = find;
  expect(parts.jobs.list()).toMatchObject([{ phase: "failed" }]);
  expect(federation.errors).toEqual([]);
});
