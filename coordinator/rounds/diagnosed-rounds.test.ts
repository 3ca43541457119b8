import pino from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { isRefusal } from "../../core/errors.ts";
import { clientIdOf, type JobId, ZERO_DIGEST } from "../../core/ids.ts";
import { gaussian } from "../../core/random/gaussian.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { bytesOf, floatsOf } from "../../core/tensors/digest.ts";
import { openCoordinator } from "../coordinator.ts";
import type { EnrolledClient } from "../parts.ts";
import { memoryBlobStore } from "../storage/memory-blob-store.ts";
import { memoryJournal } from "../storage/memory-journal.ts";
import {
  eventsOf,
  headerFor,
  inThisThread,
  jobEnded,
  send,
  sendDelta,
  type TestClient,
  type TestFederation,
  taskOf,
  testFederation,
  testHome,
} from "../testing.ts";
import type { JobReport } from "./job-report.ts";

const N = 7;
const D = 64;
const ATTACKER = "client-3";

const plan = (rounds: number, aggregation: string, more = "") => `
job: diagnosed
model: { builtin: softmax, inputs: 31, classes: 2 }
rounds: ${rounds}
round: { quorum: 5, graceMs: 10000, deadlineMs: 20000, minUpdates: 5 }
aggregation: ${aggregation}
${more}
`;
const KRUM = "{ rule: { name: MultiKrum }, numByzantine: 1 }";

/** The honest ones agree but for noise; the attacker flips its sign and sends four times as much. */
function deltaOf(client: number, round: number, attacker: number | undefined): Float32Array {
  const draw = gaussian(seededRandom(new Uint8Array(32).fill(16 * round + client)));
  const honest = Float32Array.from({ length: D }, () => 1 + 0.5 * draw());
  return client === attacker ? honest.map((value) => -4 * value) : honest;
}

async function start({ coordinator }: TestFederation, planYaml: string): Promise<JobId> {
  return (await coordinator.parts.jobs.start(planYaml, "/")).jobId;
}

async function answer(federation: TestFederation, round: number, attacker?: number, left: readonly number[] = []) {
  for (const [i, client] of federation.clients.entries()) {
    if (left.includes(i)) continue;
    const outcome = await sendDelta(federation, client, await taskOf(client, round), deltaOf(i, round, attacker));
    if (isRefusal(outcome)) throw new Error(outcome.detail);
  }
}

const cohortOf = (report: JobReport, name: string) => report.round?.cohort.find((it) => it.name === name);
const standingIn = (report: JobReport, name: string) => report.clients.find((it) => it.name === name);
const findClient = ({ coordinator }: TestFederation, name: string): EnrolledClient | undefined =>
  coordinator.parts.clients.find(clientIdOf(name));

test("SignFlipping x 4 shows in every figure, is quarantined after six rounds, and comes back by hand only", async () => {
  const federation = await testFederation(N);
  const { jobs, clients } = federation.coordinator.parts;
  const jobId = await start(federation, plan(8, KRUM, "reputation: { mode: quarantine }"));
  expect(jobs.show(jobId, undefined)).toMatchObject({ round: null, job: { phase: "running" } });

  await answer(federation, 1, 3);
  await taskOf(federation.clients[0] as TestClient, 2);
  const shown = jobs.show(jobId, 1);
  const attacker = cohortOf(shown, ATTACKER);
  expect(attacker?.findings).toEqual(["norm", "distance", "opposed"]);
  expect(attacker?.figures).toMatchObject({ krumRank: 7, coefficient: 0, arrivalRank: 4, refusals: 0, weight: 1 });
  expect(attacker?.figures["normRatio"]).toBeGreaterThan(3.5);
  expect(attacker?.figures["cosine"]).toBeLessThan(-0.8);
  for (const { name, findings, figures } of shown.round?.cohort ?? []) {
    if (name === ATTACKER) continue;
    expect(findings).toEqual([]);
    expect(figures["normRatio"]).toBeCloseTo(1, 0);
    expect(figures["cosine"]).toBeGreaterThan(0.8);
    expect(figures["krumRank"]).toBeLessThan(7);
  }

  for (let round = 2; round <= 6; round++) await answer(federation, round, 3);
  await taskOf(federation.clients[0] as TestClient, 7);
  const standing = standingIn(jobs.show(jobId, undefined), ATTACKER);
  expect(standing).toMatchObject({ quarantined: true, suspectRounds: 6 });
  expect(standing?.reputation).toBeCloseTo(0.8 ** 6);
  expect(federation.clients[3]?.pushed.some((it) => it.type === "task" && it.task.statement.round === 7)).toBe(false);

  await answer(federation, 7, 3, [3]);
  await taskOf(federation.clients[0] as TestClient, 8);
  expect(await clients.release("client-0", new Uint8Array(32), "")).toMatchObject({
    refused: "CLIENT_NOT_QUARANTINED",
  });
  expect(await clients.release("nobody", new Uint8Array(32), "")).toMatchObject({ refused: "CLIENT_UNKNOWN" });
  expect(await clients.release(ATTACKER, new Uint8Array(32), "its disk was replaced")).toBeUndefined();
  expect(findClient(federation, ATTACKER)?.quarantined).toBe(false);
  expect(standingIn(jobs.show(jobId, undefined), ATTACKER)).toMatchObject({ reputation: 1, quarantined: false });
  await answer(federation, 8, undefined, [3]);
  await jobEnded(federation, jobId);
  expect(federation.errors).toEqual([]);
  expect(() => jobs.show(jobId, 99)).toThrow("round 99");
});

test("a quarantine, a release and reputations are there after a restart; of other jobs, those that ask for quarantine leave the client out", async () => {
  const home = testHome();
  const journal = memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock });
  const blobs = memoryBlobStore("/nowhere");
  const federation = await testFederation(N, { home, journal, blobs });
  const jobId = await start(federation, plan(6, KRUM, "reputation: { mode: quarantine }"));
  for (let round = 1; round <= 6; round++) await answer(federation, round, 3);
  await jobEnded(federation, jobId);
  const before = federation.coordinator.parts.jobs.show(jobId, undefined);

  const again = await openCoordinator({
    home,
    journal,
    blobs,
    ...inThisThread,
    log: pino({ level: "silent" }),
    fatal: () => undefined,
  });
  expect(again.parts.jobs.show(jobId, undefined)).toEqual(before);
  expect(again.parts.clients.find(clientIdOf(ATTACKER))?.quarantined).toBe(true);

  const restartedFederation = { ...federation, coordinator: again };
  const cohortSize = async (reputation: string) => {
    const other = await start(restartedFederation, plan(1, KRUM, reputation));
    await again.parts.journal.grownBeyond(journal.size, AbortSignal.timeout(20_000));
    return eventsOf(restartedFederation, other).find((it) => it.type === "RoundOpened")?.cohort.length;
  };
  expect(await cohortSize("reputation: { mode: quarantine }")).toBe(N - 1);
  expect(await cohortSize("reputation: { mode: observe }")).toBe(N);
  expect(await cohortSize("")).toBe(N);
  await again.halt();
});

test("under central privacy nothing is known of single updates, and the round's own facts still are", async () => {
  const federation = await testFederation(N);
  const privacy = "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 2, delta: 0.001, maxEpsilon: 50 }";
  const jobId = await start(federation, plan(1, "{ rule: { name: TrimmedMean }, numByzantine: 1 }", privacy));
  for (const [i, client] of federation.clients.entries()) {
    const delta = deltaOf(i, 1, 3);
    const header = headerFor(await taskOf(client, 1), delta, { numExamples: 0n });
    await send(federation, client, header, bytesOf(delta));
  }
  await jobEnded(federation, jobId);
  const { round } = federation.coordinator.parts.jobs.show(jobId, 1);
  for (const { figures, findings } of round?.cohort ?? []) {
    expect(Object.keys(figures).sort()).toEqual(["afterMs", "arrivalRank", "claimedExamples", "refusals", "weight"]);
    expect(findings).toEqual([]);
  }
});

test("a rule that remembers ends in the same bits whether or not the coordinator was restarted between rounds", async () => {
  const rules = ["{ name: CenteredClipping, tau: 1 }", "{ name: FoolsGold }"];
  for (const rule of rules) {
    const models = new Set<string | undefined>();
    for (const cut of [undefined, 1, 2]) models.add(await trainWithRestart(rule, cut));
    expect([...models]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  }
});

/** Three rounds, with a new process after the round of that number. */
async function trainWithRestart(rule: string, cut: number | undefined): Promise<string | undefined> {
  const home = testHome();
  const journal = memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock });
  const blobs = memoryBlobStore("/nowhere");
  let federation = await testFederation(N, { home, journal, blobs });
  const jobId = await start(federation, plan(3, `{ rule: ${rule}, numByzantine: 1 }`, "seed: 7"));
  for (let round = 1; round <= 3; round++) {
    await answer(federation, round, 3);
    if (round === cut) federation = await restarted(federation, { home, journal, blobs });
  }
  await jobEnded(federation, jobId);
  expect(federation.errors).toEqual([]);
  const committed = eventsOf(federation, jobId).filter((it) => it.type === "VersionCommitted");
  expect(committed.every((it) => it.ruleMemory !== undefined || it.references !== undefined || it.version === 1)).toBe(
    true,
  );
  return committed.at(-1)?.modelSha256;
}

async function restarted(
  federation: TestFederation,
  parts: Pick<Parameters<typeof openCoordinator>[0], "home" | "journal" | "blobs">,
): Promise<TestFederation> {
  await federation.coordinator.halt();
  const errors: unknown[] = [];
  const log = pino({ level: "silent" });
  const coordinator = await openCoordinator({ ...parts, ...inThisThread, log, fatal: (error) => errors.push(error) });
  const clients = federation.clients.map((client) => {
    const connection = { send: (it: TestClient["pushed"][number]) => client.pushed.push(it), end: () => undefined };
    const session = coordinator.parts.sessions.open(client.enrolled, connection);
    if (isRefusal(session)) throw new Error(session.detail);
    return { ...client, session };
  });
  await coordinator.resume();
  return { coordinator, clients, errors };
}

test("what a rule remembers reaches its next round: FoolsGold's history is the sum of a client's updates", async () => {
  const federation = await testFederation(N);
  const jobId = await start(federation, plan(3, "{ rule: { name: FoolsGold }, numByzantine: 1 }"));
  for (let round = 1; round <= 3; round++) await answer(federation, round);
  await jobEnded(federation, jobId);
  const { journal } = federation.coordinator.parts;
  const committed = eventsOf(federation, jobId).filter((it) => it.type === "VersionCommitted");
  const name = `history/${clientIdOf("client-0")}`;
  const history = committed.at(-1)?.ruleMemory?.vectors.find((it) => it.name === name);
  const values = floatsOf(journal.inlineBlob(history?.sha256 ?? ZERO_DIGEST) ?? new Uint8Array());
  const deltas = [1, 2, 3].map((round) => deltaOf(0, round, undefined));
  expect(values).toHaveLength(D);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(
      deltas.reduce((sum, delta) => sum + (delta[i] as number), 0),
      4,
    );
  });
});

test("who is absent keeps its history, and nothing is stored for it again", async () => {
  const federation = await testFederation(N);
  const hasty = plan(3, "{ rule: { name: FoolsGold }, numByzantine: 1 }").replace("graceMs: 10000", "graceMs: 1000");
  const jobId = await start(federation, hasty);
  await answer(federation, 1);
  await answer(federation, 2, undefined, [0]);
  await answer(federation, 3);
  await jobEnded(federation, jobId);
  const historiesOf = (client: string) =>
    eventsOf(federation, jobId)
      .filter((it) => it.type === "VersionCommitted")
      .map((it) => it.ruleMemory?.vectors.find(({ name }) => name === `history/${clientIdOf(client)}`)?.sha256);
  const [first, second, third] = historiesOf("client-0");
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(new Set(historiesOf("client-1")).size).toBe(3);
});

test("journals of older versions replay: no seed, no diagnosis, no memory", async () => {
  const home = testHome();
  const journal = memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock });
  const blobs = memoryBlobStore("/nowhere");
  const federation = await testFederation(N, { home, journal, blobs });
  const jobId = await start(federation, plan(2, KRUM));
  for (let round = 1; round <= 2; round++) await answer(federation, round, 3);
  await jobEnded(federation, jobId);

  const older = memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock });
  for (const { event, sealed } of journal.read(0, journal.size)) {
    if (event.type === "RoundDiagnosed") continue;
    const before = event.type === "RoundClosed" ? { ...event, seeds: [] } : event;
    await older.append([sealed === undefined ? { event: before } : { event: before, sealed }]);
  }
  const fatal = (error: unknown) => {
    throw error;
  };
  const { parts } = await openCoordinator({
    home,
    journal: older,
    blobs,
    ...inThisThread,
    log: pino({ level: "silent" }),
    fatal,
  });
  expect(parts.jobs.list()).toEqual(federation.coordinator.parts.jobs.list());
  expect(parts.jobs.models(jobId)).toEqual(federation.coordinator.parts.jobs.models(jobId));
  expect(parts.jobs.show(jobId, undefined).round).toBeNull();
});
