import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { enrollHome, makeKey, participant } from "../../client/index.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import { eventsOf, jobEnded, testFederation } from "../../coordinator/testing.ts";
import { writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import { toHex } from "../../core/ids.ts";
import { openAttackingParts } from "../../simulations/attacking-parts.ts";
import { parseAttack } from "../../simulations/attacks/registry.ts";
import { startCoalition } from "../../simulations/coalition.ts";
import { silentLog } from "./federation.ts";

const NUM_EXAMPLES = 40;

/** A coordinator on loopback, an enrolled home with data in it, and what its attacker's process would be told. */
async function site(attack: string) {
  const home = await mkdtemp(join(tmpdir(), "holdfast-attacker-"));
  const federation = await testFederation(0);
  const { parts } = federation.coordinator;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls: undefined });
  const coalition = await startCoalition(["attacker-1"]);
  onTestFinished(async () => {
    await coalition.close();
    await server.stop();
    await rm(home, { recursive: true });
  });
  const { token, expiresAtMs } = await parts.clients.invite("attacker-1", 60_000);
  const bundle = {
    address: `127.0.0.1:${server.port}`,
    federationId: parts.federationId,
    caCertificatePem: null,
    coordinatorKey: toHex(parts.keys.coordinator.publicKey),
    logKey: toHex(parts.keys.log.publicKey),
    clientName: "attacker-1",
    token,
    expiresAtMs,
  };
  await makeKey(join(home, "client"));
  await writeFile(join(home, "bundle.json"), JSON.stringify(bundle));
  await enrollHome({ home: join(home, "client"), bundle: join(home, "bundle.json"), forcePlaintext: false }, silentLog);
  const data = { images: join(home, "images.idx"), labels: join(home, "labels.idx") };
  await writeIdxImages(data.images, new Uint8Array(NUM_EXAMPLES * 64).fill(100), [8, 8]);
  await writeIdxLabels(
    data.labels,
    Uint8Array.from({ length: NUM_EXAMPLES }, (_, i) => i % 3),
  );
  const settings = {
    home: join(home, "client"),
    ...data,
    attack: parseAttack(attack),
    numClients: 1,
    numAttackers: 1,
    numClasses: 3,
    coalition: coalition.accessOf("attacker-1"),
  };
  return { federation, settings };
}

const planUntil = (deadlineMs: number) => `
job: one-round
model: { builtin: softmax, inputs: 64, classes: 3 }
rounds: 1
round: { quorum: 1, graceMs: 0, deadlineMs: ${deadlineMs}, minUpdates: 1 }
local: { steps: 2, batchSize: 8 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;

test.each([
  ["PixelBackdoor", "completed", 20_000],
  ["SignFlipping", "completed", 20_000],
  ["ALittleIsEnough", "completed", 20_000],
  ["Equivocation", "completed", 20_000],
  ["SlowLoris:bytesPerSecond=1000000", "failed", 250],
])(
  "a deployed client carries out %s, by which its own job is %s, and takes its parts down again",
  async (attack, outcome, deadlineMs) => {
    const { federation, settings } = await site(attack);
    const { jobs, sessions } = federation.coordinator.parts;
    const attacker = await openAttackingParts(settings, silentLog);
    const stop = new AbortController();
    const running = participant(attacker.parts).run(stop.signal);
    await expect.poll(() => sessions.isConnected(attacker.parts.profile.clientId)).toBe(true);
    const { jobId } = await jobs.start(planUntil(deadlineMs), "/");
    await jobEnded(federation, jobId);
    expect(eventsOf(federation, jobId).at(-1)).toMatchObject({ type: "JobEnded", outcome });
    stop.abort();
    await running;
    await attacker.close();
  },
);

test.each(["OptimalIPM", "MinMax", "Mimic"])("%s needs to see what no process among others can", async (attack) => {
  const { settings } = await site(attack);
  const opening = openAttackingParts(settings, silentLog);
  await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("honest") });
});
