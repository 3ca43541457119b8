import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { clientActions } from "../../client/commands.ts";
import { clientHome, readProfile, writeProfile } from "../../client/config.ts";
import { OPEN_POLICY, openParts, participant, tfjsTrainer } from "../../client/index.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import type { Parts } from "../../coordinator/parts.ts";
import type { Event } from "../../coordinator/rounds/events.ts";
import type { Journal } from "../../coordinator/storage/journal.ts";
import { memoryJournal } from "../../coordinator/storage/memory-journal.ts";
import { jobEnded, type TestFederation, testFederation } from "../../coordinator/testing.ts";
import { systemClock } from "../../core/clock.ts";
import { signTask } from "../../core/crypto/statements.ts";
import { byteDataset } from "../../core/data/dataset.ts";
import { fromHex, type JobId, toHex } from "../../core/ids.ts";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import type { TaskStatement } from "../../core/statements.ts";
import { silentLog } from "./federation.ts";

const NAMES = ["north", "east", "west"] as const;
const ROUNDS = 2;
const MECHANISM = { mechanism: "gaussian", noiseMultiplier: 2, adjacency: "zero-out", sampling: "full" } as const;
const DELTA = 1e-3;

const planOf = (privacy: string) => `
job: own-privacy
model: { builtin: softmax, inputs: 4, classes: 2 }
rounds: ${ROUNDS}
round: { quorum: 3, graceMs: 0, deadlineMs: 30000, minUpdates: 3 }
local: { steps: 2 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
privacy: { ${privacy} }
`;
const CENTRAL = planOf(`mode: central, clipNorm: 1, noiseMultiplier: 2, delta: ${DELTA}, maxEpsilon: 50`);
const NONE = planOf("mode: none, acknowledgeOutsideEpsilon: true");

const dataset = byteDataset(
  Uint8Array.from({ length: 160 }, (_, i) => (i * 53) % 256),
  Uint8Array.from({ length: 40 }, (_, i) => i % 2),
  [2, 2],
);

let federation: TestFederation;
let folder: string;
let jobId: JobId;
const homeOf = (name: string) => join(folder, name);

/** Enrolment, training and answers over gRPC; every client keeps what a deployed one keeps. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-own-privacy-"));
  federation = await testFederation(0);
  const { parts } = federation.coordinator;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  for (const name of NAMES) await enroll(parts, name, `127.0.0.1:${server.port}`);
  const stop = new AbortController();
  const running = NAMES.map((name) => takePart(homeOf(name), stop.signal));
  while (!parts.clients.list().every(({ clientId }) => parts.sessions.isConnected(clientId))) await nextTurn();
  jobId = (await parts.jobs.start(CENTRAL, "/")).jobId;
  await jobEnded(federation, jobId);
  await jobEnded(federation, (await parts.jobs.start(NONE, "/")).jobId);
  stop.abort();
  await Promise.all(running);
  await server.stop();
});

afterAll(async () => {
  await federation.coordinator.close();
  await rm(folder, { recursive: true, force: true });
});

async function enroll(parts: Parts, clientName: string, address: string): Promise<void> {
  const actions = clientActions(() => undefined);
  await actions.keygen({ home: homeOf(clientName) });
  const bundle = {
    address,
    federationId: parts.federationId,
    caCertificatePem: null,
    coordinatorKey: toHex(parts.keys.coordinator.publicKey),
    logKey: toHex(parts.keys.log.publicKey),
    clientName,
    ...(await parts.clients.invite(clientName, 60_000)),
  };
  const path = join(folder, `${clientName}.json`);
  await writeFile(path, JSON.stringify(bundle));
  await actions.enroll({ home: homeOf(clientName), bundle: path, forcePlaintext: false });
}

async function takePart(home: string, signal: AbortSignal): Promise<void> {
  const trainer = await tfjsTrainer({ dataset });
  const parts = await openParts({ home, policy: OPEN_POLICY, trainer, forcePlaintext: false }, silentLog);
  await participant(parts)
    .run(signal)
    .finally(() => parts.transport.close());
}

/** What the command prints where a coordinator hands out this journal. */
async function asked(name: string, journal: Journal = federation.coordinator.parts.journal, json = true) {
  const parts = { ...federation.coordinator.parts, journal };
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  onTestFinished(() => server.stop());
  const home = homeOf(name);
  await writeProfile(home, { ...(await readProfile(home)), address: `127.0.0.1:${server.port}` });
  const said: string[] = [];
  await clientActions((line) => said.push(line)).privacy({ home, forcePlaintext: false, json });
  return said;
}

const entries = () => federation.coordinator.parts.journal.read(0, federation.coordinator.parts.journal.size);

/** The same log, but for what is handed out of it. */
function handingOut(changes: Partial<Pick<Journal, "leaves" | "size">>): Journal {
  const { journal } = federation.coordinator.parts;
  const { head } = journal;
  return {
    ...journal,
    head,
    size: journal.size,
    leaves: (from, limit) => journal.leaves(from, limit),
    ...changes,
  } as Journal;
}

/** Another history, with heads that the log's key signs: the coordinator itself lies. */
async function rewritten(change: (event: Event) => readonly Event[]): Promise<Journal> {
  const { keys, federationId } = federation.coordinator.parts;
  const journal = memoryJournal({ origin: federationId, logKey: keys.log, clock: systemClock });
  for (const { event } of entries()) for (const it of change(event)) await journal.append([{ event: it }]);
  return journal;
}

describe("after a job over gRPC", () => {
  test("a client recomputes from the verified log what its privacy has cost, and what it was told", async () => {
    const [line = ""] = await asked("north");
    const { epsilon, accountant } = boundOf([{ mechanism: MECHANISM, times: ROUNDS }], DELTA);
    const before = boundOf([{ mechanism: MECHANISM, times: ROUNDS - 1 }], DELTA).epsilon;
    const both = { before: expect.closeTo(before, 9), after: expect.closeTo(epsilon, 9) };
    expect(JSON.parse(line)).toMatchObject({
      client: "north",
      verifiedEntries: federation.coordinator.parts.journal.size,
      charges: [{ jobId, mechanism: MECHANISM, times: ROUNDS, unit: "client" }],
      claims: [
        { jobs: [{ jobId }], epsilon, maxEpsilon: 50, ownEpsilon: null, contract: { rounds: ROUNDS, delta: DELTA } },
      ],
      told: [{ jobId, round: ROUNDS, told: both, recomputed: both }],
      withoutPrivacy: ["own-privacy"],
    });
    expect(JSON.parse(line).claims[0].contract.accountant).toContain(accountant);
  });

  test("for people: the contract beside epsilon, and the job that no epsilon covers", async () => {
    const lines = await asked("north", undefined, false);
    expect(lines).toEqual(
      expect.arrayContaining([
        "client           north",
        `log              ${federation.coordinator.parts.journal.size} entries, held against every head that this client has kept`,
        expect.stringMatching(/^epsilon {10}\d\S* by the log, over all jobs; maxEpsilon 50$/),
        "unit             one client",
        "rounds charged   2",
        expect.stringMatching(/^told .* after round 2 of own-privacy; the log comes to /),
        "outside          the job own-privacy has no privacy: no epsilon covers what it released",
      ]),
    );
  });

  test("what it was handed names none of the cohort, and yet its own charge is there", async () => {
    const handed = federation.coordinator.parts.journal
      .leaves(0, 1_000)
      .map(({ publicBytes }) => Buffer.from(publicBytes).toString());
    const ofCharges = handed.filter((it) => it.includes("ChargeReserved"));
    expect(ofCharges).toHaveLength(ROUNDS);
    const { clientId } = await readProfile(homeOf("north"));
    for (const it of ofCharges) expect(it).not.toContain(clientId);
  });
});

describe("a coordinator that hands out another log than it signed is found out", () => {
  const leaves: Journal["leaves"] = (from, limit) => federation.coordinator.parts.journal.leaves(from, limit);
  const isCharge = (publicBytes: Uint8Array) => Buffer.from(publicBytes).includes("ChargeReserved");
  const all = () => leaves(0, 1_000);

  test.each<[string, () => Journal["leaves"]]>([
    [
      "a charge is left out",
      () => {
        const kept = all().filter(({ publicBytes }) => !isCharge(publicBytes));
        return (from, limit) => kept.slice(from, from + limit);
      },
    ],
    [
      "a charge is changed",
      () => (from, limit) =>
        leaves(from, limit).map((leaf) => {
          if (!isCharge(leaf.publicBytes)) return leaf;
          const text = Buffer.from(leaf.publicBytes).toString();
          return { ...leaf, publicBytes: Buffer.from(text.replace('"noiseMultiplier":2', '"noiseMultiplier":9')) };
        }),
    ],
    [
      "two entries have changed places",
      () => {
        const [first, second, ...rest] = all();
        const swapped = [second, first, ...rest].filter((it) => it !== undefined);
        return (from, limit) => swapped.slice(from, from + limit);
      },
    ],
  ])("%s", async (_, forge) => {
    await expect(asked("east", handingOut({ leaves: forge() }))).rejects.toMatchObject({ code: "LOG_FORKED" });
  });

  test("a log that ends before its head", async () => {
    await expect(asked("east", handingOut({ size: 3 }))).rejects.toMatchObject({ code: "LOG_FORKED" });
  });

  test("a history without the charges, under heads that it signs: the client has kept another head", async () => {
    const forged = await rewritten((event) => (event.type === "ChargeReserved" ? [] : [event]));
    await expect(asked("east", forged)).rejects.toMatchObject({ code: "LOG_FORKED" });
  });
});

describe("a log that is whole and does not add up is found out, even by a client that kept nothing", () => {
  const forgetful = async (name: string) => {
    const { head, tasks } = clientHome(homeOf(name));
    for (const path of [head, tasks]) {
      const kept = await readFile(path);
      await rm(path);
      onTestFinished(() => writeFile(path, kept));
    }
    return name;
  };
  const UNDERSTATED = { code: "PRIVACY_UNDERSTATED" };

  test.each<[string, (event: Event) => readonly Event[]]>([
    [
      "a release that nobody was charged for",
      (event) => (event.type === "ChargeReserved" && event.round === 2 ? [] : [event]),
    ],
    [
      "a charge for more noise than the plan has",
      (event) =>
        event.type === "ChargeReserved" ? [{ ...event, mechanism: { ...MECHANISM, noiseMultiplier: 9 } }] : [event],
    ],
    [
      "a charge for a draw that was not made",
      (event) =>
        event.type === "ChargeReserved"
          ? [{ ...event, mechanism: { ...MECHANISM, sampling: { poisson: { rate: 0.1 } } } }]
          : [event],
    ],
    ["a charge for nothing", (event) => (event.type === "ChargeReserved" ? [{ ...event, times: 0 }] : [event])],
    ["a charge to others only", (event) => (event.type === "ChargeReserved" ? [{ ...event, clients: [] }] : [event])],
  ])("%s", async (_, change) => {
    await expect(asked(await forgetful("west"), await rewritten(change))).rejects.toMatchObject(UNDERSTATED);
  });

  test("a charge that hides whom it is for is not taken for somebody else's", async () => {
    const hidden = await rewritten((event) =>
      event.type === "ChargeReserved" ? [{ ...event, clients: ["ab".repeat(32) as never] }] : [event],
    );
    await expect(asked(await forgetful("west"), hidden)).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
  });

  test("a task that told less than the log comes to; one that told of a round that is not there", async () => {
    const { tasks } = clientHome(homeOf("west"));
    const kept = await readFile(tasks, "utf8");
    onTestFinished(() => writeFile(tasks, kept));
    const last = JSON.parse(kept.trimEnd().split("\n").at(-1) as string) as { statement: string };
    const statement = JSON.parse(Buffer.from(fromHex(last.statement)).toString()) as TaskStatement;
    const told = async (changes: Partial<TaskStatement>) => {
      const { bytes, signature } = signTask(
        { ...statement, ...changes },
        federation.coordinator.parts.keys.coordinator,
      );
      await writeFile(tasks, kept);
      await appendFile(tasks, `${JSON.stringify({ statement: toHex(bytes), signature: toHex(signature) })}\n`);
      return asked("west");
    };
    const { epsilonAfter = 0, epsilonBefore = 0 } = statement;
    await expect(told({ epsilonAfter: (epsilonAfter as number) * 0.99 })).rejects.toMatchObject(UNDERSTATED);
    await expect(told({ epsilonBefore: (epsilonBefore as number) * 0.99 })).rejects.toMatchObject(UNDERSTATED);
    await expect(told({ round: 9 })).rejects.toMatchObject({ code: "LOG_FORKED" });
    await expect(told({ planSha256: statement.serverNonce })).rejects.toMatchObject({ code: "LOG_FORKED" });
    await expect(told({})).resolves.toHaveLength(1);
  });
});
