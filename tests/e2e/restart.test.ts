import { once } from "node:events";
import { createServer } from "node:net";
import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { OPEN_POLICY, openParts, participant, type Trainer } from "../../client/index.ts";
import type { AdminClient, JobEvent } from "../../coordinator/index.ts";
import type { JobId } from "../../core/ids.ts";
import { BUILT, makeSite, run, type TestSite } from "./federation.ts";

const PLAN = `
job: restart
model: { builtin: mlp, inputs: 200, hidden: 100, classes: 10 }
rounds: 4
round: { quorum: 3, graceMs: 10000, deadlineMs: 30000, minUpdates: 3 }
aggregation: { preAggregators: [ { name: NNM } ], rule: { name: TrimmedMean }, numByzantine: 1 }
`;

let site: TestSite | undefined;
const clients: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.stop.abort();
    await client.ended;
  }
  await site?.close();
});

/** A client as deployed, but that its training is a constant, so that two runs must give the same bits. */
async function takePart(
  home: string,
  value: number,
  whenAsked: (round: number) => Promise<void> | void = () => undefined,
) {
  const trainer: Trainer = {
    description: "a constant",
    async train({ baseModel, round }) {
      await whenAsked(round);
      return { delta: new Float32Array(baseModel.length).fill(value), numExamples: 1, metrics: {} };
    },
    close: async () => undefined,
  };
  const parts = await openParts(
    { home, policy: OPEN_POLICY, trainer, forcePlaintext: false },
    pino({ level: "silent" }),
  );
  const stop = new AbortController();
  const ended = participant(parts)
    .run(stop.signal)
    .finally(() => parts.transport.close())
    .catch(() => undefined);
  clients.push({ stop, ended });
}

async function events(admin: AdminClient, jobId: JobId): Promise<JobEvent[]> {
  const seen: JobEvent[] = [];
  for await (const { event } of admin.watchJob(jobId)) seen.push(event as JobEvent);
  return seen;
}

test.each(["SIGTERM", "SIGKILL"] as const)(
  "%s in mid-round, then a restart on the same port: the job finishes, and nothing counts twice",
  async (signal) => {
    site = await makeSite(BUILT);
    const first = await site.start();
    const homes = [];
    for (let i = 0; i < 3; i++) homes.push(await site.enroll(first.admin, `client-${i}`));
    const round2 = new AbortController();
    const reached = once(round2.signal, "abort");
    for (const [i, home] of homes.entries()) {
      await takePart(home, i + 1, async (round) => {
        if (round !== 2 || i !== 2) return;
        round2.abort();
        await new Promise((resolve) => setTimeout(resolve, 500));
      });
    }
    const { jobId } = await first.admin.startJob(PLAN, "/");
    await reached;
    const code = await first.end(signal);
    expect(code).toBe(signal === "SIGTERM" ? 0 : null);

    const second = await site.start(["--listen", first.address]);
    const journal = await events(second.admin, jobId);
    expect(journal.at(-1)).toMatchObject({ type: "JobEnded", outcome: "completed" });
    expect(journal.filter((it) => it.type === "VersionCommitted").map((it) => it.version)).toEqual([1, 2, 3, 4]);
    const counted = journal.flatMap((it) =>
      it.type === "RoundClosed" ? it.rows.map((row) => `${it.round} ${row.clientId}`) : [],
    );
    expect(new Set(counted).size).toBe(counted.length);
    await second.end("SIGTERM");
  },
);

test("what cannot be started is refused by name, and a coordinator that runs goes on", async () => {
  site = await makeSite(BUILT);
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const { port } = squatter.address() as { port: number };
  await expect(site.start(["--listen", `127.0.0.1:${port}`])).rejects.toThrow("PORT_IN_USE");
  await expect(site.start(["--listen", "0.0.0.0:0", "--plaintext", "--public-address", "here:1"])).rejects.toThrow(
    "PLAINTEXT_REFUSED",
  );
  squatter.close();

  const running = await site.start();
  await expect(site.start()).rejects.toThrow("FOLDER_LOCKED");
  const start = run(BUILT, ["jobs", "start", "/no/plan.yaml", "--profile", `${site.home}/admin.json`]);
  expect(await errorOf(start)).toContain("FILE_MISSING");
  expect(await running.admin.listJobs()).toEqual([]);
  await running.end("SIGTERM");
});

test("a folder without a federation is named", async () => {
  const serve = run(BUILT, ["coordinator", "serve", "--home", "/nowhere/at/all"]);
  expect(await errorOf(serve)).toContain("FOLDER_NOT_INITIALIZED");
});

async function errorOf(child: ReturnType<typeof run>): Promise<string> {
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, "exit");
  expect(code).not.toBe(0);
  return text;
}
