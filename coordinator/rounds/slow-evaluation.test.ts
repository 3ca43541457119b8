import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import { eventsOf, jobEnded, sendDelta, type TestFederation, taskOf, testFederation } from "../testing.ts";
import { noEvaluation } from "./evaluation.ts";
import type { Evaluation } from "./job.ts";

/** An evaluation that takes until it is let go. */
const slow = vi.hoisted(() => ({ underWay: Promise.resolve(), started: 0, finish: () => {} }));

vi.mock("./evaluation.ts", async (original) => ({
  ...(await original<typeof import("./evaluation.ts")>()),
  workerEvaluation: (): Evaluation => ({
    ...noEvaluation,
    start: () => {
      slow.started++;
      slow.underWay = new Promise((resolve) => {
        slow.finish = resolve;
      });
    },
    idle: () => slow.underWay,
  }),
}));

const DEADLINE_MS = 60_000;
const PLAN = `
job: slow-evaluation
model: { builtin: softmax, inputs: 4, classes: 2 }
rounds: 3
round: { quorum: 1, graceMs: 0, deadlineMs: ${DEADLINE_MS}, minUpdates: 1, maxAttempts: 1 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
evaluation: { dataset: { images: images.idx, labels: labels.idx } }
`;

test("an evaluation that takes longer than a round's deadline holds its opening up, and eats none of its time", () =>
  inFolder(async (folder) => {
    await writeIdxImages(join(folder, "images.idx"), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), [2, 2]);
    await writeIdxLabels(join(folder, "labels.idx"), Uint8Array.of(0, 1));
    let now = 0;
    const clock = { nowMs: () => now, monotonicMs: () => now };
    const federation = await testFederation(1, { clock });
    const { jobId } = await federation.coordinator.parts.jobs.start(PLAN, folder);
    const numClosed = () => eventsOf(federation, jobId).filter(({ type }) => type === "RoundClosed").length;

    for (const round of [1, 2, 3]) {
      expect((await answer(federation, round)).deadlineMs).toBe(DEADLINE_MS);
      await expect.poll(numClosed).toBe(round);
      // the version of the round before is still looked at while this round's is made
      now += 10 * DEADLINE_MS;
      slow.finish();
      await expect.poll(() => slow.started).toBe(round);
    }
    slow.finish();
    await jobEnded(federation, jobId);
    expect(eventsOf(federation, jobId).filter(({ type }) => type === "RoundAbandoned")).toEqual([]);
    expect(federation.errors).toEqual([]);
    await federation.coordinator.close();
  }));

async function answer(federation: TestFederation, round: number) {
  const [client] = federation.clients;
  if (client === undefined) throw new Error("no client");
  const task = await taskOf(client, round);
  await sendDelta(federation, client, task, new Float32Array(10).fill(round));
  return task;
}
