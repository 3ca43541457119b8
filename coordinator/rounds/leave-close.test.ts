import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";
import { FederationError } from "../../core/errors.ts";
import type { JobId } from "../../core/ids.ts";
import type { Engine } from "../aggregation/engine/engine.ts";
import { memoryBlobStore } from "../storage/memory-blob-store.ts";
import {
  eventsOf,
  inThisThread,
  jobEnded,
  sendDelta,
  type TestFederation,
  taskOf,
  testFederation,
} from "../testing.ts";

const N = 3;
const PLAN = `
job: left
model: { builtin: softmax, inputs: 3, classes: 2 }
rounds: 2
round: { quorum: 3, graceMs: 10000, deadlineMs: 60000, minUpdates: 3 }
aggregation: { rule: { name: TrimmedMean }, numByzantine: 1 }
`;

/** The engine of the tests, with these columns instead of its own. */
function engineWith(columns: Engine["columns"]): Engine {
  const { engine } = inThisThread;
  return new Proxy<Engine>(engine, {
    get(_, name: keyof Engine) {
      return name === "columns" ? columns : engine[name].bind(engine);
    },
  });
}

async function start({ coordinator }: TestFederation): Promise<JobId> {
  return (await coordinator.parts.jobs.start(PLAN, "/")).jobId;
}

async function answer(federation: TestFederation, round: number): Promise<void> {
  for (const [i, client] of federation.clients.entries()) {
    await sendDelta(federation, client, await taskOf(client, round), new Float32Array(8).fill(i));
  }
}

const typesOf = (federation: TestFederation, jobId: JobId) => eventsOf(federation, jobId).map((it) => it.type);

test("a round whose aggregation thread dies once is aggregated again, of the same updates", async () => {
  let calls = 0;
  const engine = engineWith((rows, options) => {
    if (calls++ === 0) return Promise.reject(new FederationError("AGGREGATION_FAILED", "a thread died"));
    return inThisThread.engine.columns(rows, options);
  });
  const federation = await testFederation(N, { engine });
  const jobId = await start(federation);
  for (const round of [1, 2]) await answer(federation, round);
  await jobEnded(federation, jobId);
  expect(calls).toBe(3);
  expect(typesOf(federation, jobId).filter((type) => type === "RoundClosed")).toHaveLength(2);
  expect(eventsOf(federation, jobId).at(-1)).toMatchObject({ type: "JobEnded", outcome: "completed" });
  expect(federation.errors).toEqual([]);
});

test("one that kills its thread every time ends the job, with the reason, after the second time", async () => {
  const columns = vi.fn(() => Promise.reject(new FederationError("AGGREGATION_FAILED", "a thread died")));
  const federation = await testFederation(N, { engine: engineWith(columns) });
  const jobId = await start(federation);
  await answer(federation, 1);
  await jobEnded(federation, jobId);
  expect(columns).toHaveBeenCalledTimes(2);
  expect(eventsOf(federation, jobId).at(-1)).toMatchObject({
    outcome: "failed",
    reason: "AGGREGATION_FAILED: a thread died",
  });
  expect(federation.errors).toEqual([]);
});

/** Columns that never come, and reject when they are told to stop. */
function endless() {
  const columns = vi.fn<Engine["columns"]>(({ signal }) => {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  });
  return { engine: engineWith(columns), begun: () => expect.poll(() => columns.mock.calls.length).toBeGreaterThan(0) };
}

test("a halt stops the aggregation and leaves the round closed for the next process", async () => {
  const { engine, begun } = endless();
  const federation = await testFederation(N, { engine });
  const jobId = await start(federation);
  await answer(federation, 1);
  await begun();
  await federation.coordinator.halt();
  expect(typesOf(federation, jobId).at(-1)).toBe("RoundClosed");
  expect(federation.errors).toEqual([]);
});

test("a stop stops the aggregation too, and its clients hear of it", async () => {
  const { engine, begun } = endless();
  const federation = await testFederation(N, { engine });
  const jobId = await start(federation);
  await answer(federation, 1);
  await begun();
  await federation.coordinator.parts.jobs.stop(jobId, "enough");
  await federation.coordinator.halt();
  expect(typesOf(federation, jobId).slice(-2)).toEqual(["RoundClosed", "JobEnded"]);
  expect(eventsOf(federation, jobId).at(-1)).toMatchObject({ outcome: "stopped", reason: "enough" });
  for (const client of federation.clients) expect(client.pushed.at(-1)).toMatchObject({ type: "jobEnded" });
  expect(federation.errors).toEqual([]);
});

test("a job halted while its version is stored commits it, and opens no further round", async () => {
  const blobs = memoryBlobStore(tmpdir());
  const federation = await testFederation(N, { blobs });
  const jobId = await start(federation);
  const putTensors = blobs.putTensors.bind(blobs);
  let halted: Promise<void> | undefined;
  blobs.putTensors = (...tensors) => {
    halted = federation.coordinator.halt();
    return putTensors(...tensors);
  };
  await answer(federation, 1);
  await expect.poll(() => halted !== undefined).toBe(true);
  await halted;
  expect(typesOf(federation, jobId).slice(-2)).toEqual(["RoundDiagnosed", "VersionCommitted"]);
  expect(federation.errors).toEqual([]);
});
