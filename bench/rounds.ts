import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AdminClient } from "../coordinator/index.ts";
import type { JobId } from "../core/ids.ts";
import { BUILT, makeSite } from "../tests/e2e/federation.ts";
import { endOf, table } from "./report.ts";

/**
 * Committed rounds a second: one coordinator and 10 clients over TLS on loopback, a model of 10,000 parameters, no
 * training, durable commits. Ten whole clients share the machine with the coordinator, and their tweetnacl signatures
 * alone take most of a core; so the coordinator is measured under light clients, and with whole ones beside it.
 */
const NUM_CLIENTS = 10;
const ROUNDS = 300;
const WARM_UP = 100;

const PLAN = `
job: bench-rounds
model: { builtin: softmax, inputs: 999, classes: 10 }
rounds: ${ROUNDS}
round: { quorum: ${NUM_CLIENTS}, graceMs: 10000, deadlineMs: 60000, minUpdates: ${NUM_CLIENTS} }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;

type Mode = "light" | "deployed";

async function measure(mode: Mode, numProcesses: number): Promise<number> {
  const site = await makeSite(BUILT);
  const coordinator = await site.start(["--log-level", "warn"]);
  const homes: string[] = [];
  for (let i = 0; i < NUM_CLIENTS; i++) homes.push(await site.enroll(coordinator.admin, `client-${i}`));
  const clientsFile = fileURLToPath(new URL("./rounds-clients.js", import.meta.url));
  const size = NUM_CLIENTS / numProcesses;
  const groups = Array.from({ length: numProcesses }, (_, i) => homes.slice(i * size, (i + 1) * size));
  const clients = groups.map((group) => fork(clientsFile, [mode, ...group]));
  try {
    while (!(await coordinator.admin.listClients()).every((client) => client.connected)) await sleep(100);
    const { jobId } = await coordinator.admin.startJob(PLAN, site.folder);
    return roundsPerSecond(await commitTimes(coordinator.admin, jobId));
  } finally {
    for (const child of clients) {
      if (child.exitCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await site.close();
  }
}

async function commitTimes(admin: AdminClient, jobId: JobId): Promise<number[]> {
  const committedAtMs: number[] = [];
  for await (const { event } of admin.watchJob(jobId)) {
    if (event.type === "VersionCommitted") committedAtMs.push(event.committedAtMs);
  }
  return committedAtMs;
}

function roundsPerSecond(committedAtMs: readonly number[]): number {
  const [first, last] = [committedAtMs[WARM_UP - 1], committedAtMs.at(-1)];
  if (first === undefined || last === undefined || committedAtMs.length !== ROUNDS)
    throw new Error("rounds are missing");
  return (1_000 * (ROUNDS - WARM_UP)) / (last - first);
}

const light = await measure("light", 1);
const deployed = await measure("deployed", 2);
const rows = [
  ["light clients, one process", light.toFixed(1)],
  ["whole clients, two processes", deployed.toFixed(1)],
];
await endOf("rounds", table(["10 clients, 10,000 parameters", "rounds/s"], rows), { light, deployed });
