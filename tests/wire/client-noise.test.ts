import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { grpcTransport, participant, tfjsTrainer } from "../../client/index.ts";
import { openLedger } from "../../client/privacy/privacy-ledger.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import { eventsOf, jobEnded, testFederation } from "../../coordinator/testing.ts";
import { byteDataset } from "../../core/data/dataset.ts";
import { enrollMembers, type Member } from "../../simulations/lab/federation/members.ts";
import { silentLog } from "./federation.ts";
import { liveParts } from "./live-parts.ts";

const NUM_CLIENTS = 3;
const STEPS = 4;

const planOf = (privacy: string) => `
job: client-noise
model: { builtin: softmax, inputs: 4, classes: 2 }
rounds: 30
round: { quorum: 3, graceMs: 0, deadlineMs: 30000, minUpdates: 3 }
local: { steps: ${STEPS} }
aggregation: { rule: { name: Median }, numByzantine: 1 }
privacy: { ${privacy}, delta: 0.001, maxEpsilon: 3 }
`;

const dataset = byteDataset(
  Uint8Array.from({ length: 160 }, (_, i) => (i * 53) % 256),
  Uint8Array.from({ length: 40 }, (_, i) => i % 2),
  [2, 2],
);

/** A deployed participant that trains for real and keeps its ledger in a file. */
async function takePart({ profile, signer }: Member, ledgerPath: string, signal: AbortSignal): Promise<void> {
  const transport = grpcTransport({ profile, signer, log: silentLog });
  const run = participant({
    profile,
    signer,
    transport,
    trainer: await tfjsTrainer({ dataset }),
    ledger: await openLedger(ledgerPath),
    ...liveParts(),
  }).run(signal);
  await run.finally(() => transport.close());
}

async function ran(privacy: string) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-client-noise-"));
  const federation = await testFederation(0);
  const { parts } = federation.coordinator;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  const address = `127.0.0.1:${server.port}`;
  const members = await enrollMembers(parts, { numClients: NUM_CLIENTS, numAttackers: 0, seed: "noise", address });
  const ledgers = members.map(({ name }) => join(folder, name, "privacy.json"));
  const stop = new AbortController();
  const running = members.map((member, i) => takePart(member, ledgers[i] as string, stop.signal));
  onTestFinished(async () => {
    stop.abort();
    await Promise.allSettled(running);
    await server.stop();
    await federation.coordinator.close();
    await rm(folder, { recursive: true, force: true });
  });
  while (!members.every(({ profile }) => parts.sessions.isConnected(profile.clientId))) await nextTurn();
  const { jobId } = await parts.jobs.start(planOf(privacy), "/");
  await jobEnded(federation, jobId);
  const paid = await Promise.all(ledgers.map(async (it) => JSON.parse(await readFile(it, "utf8")).charges));
  return { jobId, events: eventsOf(federation, jobId), paid };
}

test.each([
  ["client", "mode: local, clipNorm: 1, epsilon: 1", 1],
  ["example", "mode: example, clipNorm: 1, noiseMultiplier: 4, sampleRate: 1", STEPS],
])(
  "the privacy of each %s: the job ends before a client would spend too much, and every client has counted the same",
  async (unit, privacy, usesPerRound) => {
    const { jobId, events, paid } = await ran(privacy);
    const rounds = events.filter((event) => event.type === "VersionCommitted").length;
    expect(rounds).toBeGreaterThan(1);
    expect(rounds).toBeLessThan(30);
    expect(events.filter((event) => event.type === "UpdateAdmitted")).toHaveLength(NUM_CLIENTS * rounds);
    expect(events.filter((event) => event.type === "ChargeReserved")).toHaveLength(rounds);
    expect(events.at(-1)).toMatchObject({ type: "JobEnded", outcome: "stopped" });
    expect(paid).toEqual(
      Array(NUM_CLIENTS).fill([expect.objectContaining({ jobId, unit, times: rounds * usesPerRound })]),
    );
  },
);
