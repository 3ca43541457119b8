import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BUILT, makeSite } from "../tests/e2e/federation.ts";
import { endOf, table } from "./report.ts";

/**
 * Committed rounds a second: one coordinator and 10 clients (two processes of five) over TLS on loopback, a model of
 * 10,000 parameters, no training, durable commits on both sides.
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

const site = await makeSite(BUILT);
const coordinator = await site.start(["--log-level", "warn"]);
const homes: string[] = [];
for (let i = 0; i < NUM_CLIENTS; i++) homes.push(await site.enroll(coordinator.admin, `client-${i}`));
const clientsFile = fileURLToPath(new URL("./rounds-clients.ts", import.meta.url));
const clients = [homes.slice(0, NUM_CLIENTS / 2), homes.slice(NUM_CLIENTS / 2)].map((group) =>
  fork(clientsFile, group),
);
try {
  while (!(await coordinator.admin.listClients()).every((client) => client.connected)) await sleep(100);
  const { jobId } = await coordinator.admin.startJob(PLAN, site.folder);
  const committedAtMs: number[] = [];
  for await (const { event } of coordinator.admin.watchJob(jobId)) {
    if (event.type === "VersionCommitted") committedAtMs.push(event.committedAtMs);
  }
  const [first, last] = [committedAtMs[WARM_UP - 1], committedAtMs.at(-1)];
  if (first === undefined || last === undefined || committedAtMs.length !== ROUNDS)
    throw new Error("rounds are missing");
  const roundsPerSecond = (1_000 * (ROUNDS - WARM_UP)) / (last - first);
  const row = [ROUNDS - WARM_UP, NUM_CLIENTS, 10_000, roundsPerSecond.toFixed(1)];
  await endOf("rounds", table(["rounds", "clients", "parameters", "rounds/s"], [row]), { roundsPerSecond });
} finally {
  for (const child of clients) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  await site.close();
}
