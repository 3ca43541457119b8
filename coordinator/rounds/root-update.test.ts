import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";
import type { JobId } from "../../core/ids.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import { norm } from "../../core/vector/norms.ts";
import { eventsOf, jobEnded, sendDelta, type TestFederation, taskOf, testFederation } from "../testing.ts";

const D = 10;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-root-"));
  // class 0 is bright on the left, class 1 on the right
  const pixels = Uint8Array.from({ length: 4 * 20 }, (_, i) => ((i % 4) % 2 === Math.floor(i / 4) % 2 ? 255 : 0));
  await writeIdxImages(join(folder, "images"), pixels, [2, 2]);
  await writeIdxLabels(
    join(folder, "labels"),
    Uint8Array.from({ length: 20 }, (_, i) => i % 2),
  );
});
afterAll(() => rm(folder, { recursive: true }));

const plan = (aggregation: string, rounds = 2) => `
job: trusted
model: { builtin: softmax, inputs: 4, classes: 2 }
rounds: ${rounds}
round: { quorum: 3, graceMs: 10000, deadlineMs: 60000, minUpdates: 3 }
local: { steps: 5, batchSize: 20, learningRate: 0.5 }
aggregation: ${aggregation}
`;
const IMAGES = "{ images: images, labels: labels }";
const ROOT = `rootDataset: ${IMAGES}`;
const FL_TRUST = `{ rule: { name: FLTrust }, numByzantine: 1, ${ROOT} }`;

const start = async ({ coordinator }: TestFederation, aggregation: string): Promise<JobId> =>
  (await coordinator.parts.jobs.start(plan(aggregation), folder)).jobId;

/** Client 0 and 1 learn what the root set teaches, client 2 sends ten times the opposite. */
async function trained(rounds: number, aggregation = FL_TRUST, heldOut = IMAGES) {
  const federation = await testFederation(3);
  const { parts } = federation.coordinator;
  const evaluated = `${plan(aggregation, rounds)}evaluation: { dataset: ${heldOut}, everyRounds: 1 }`;
  const { jobId } = await parts.jobs.start(evaluated, folder);
  const honest = Float32Array.of(1, -1, -1, 1, 1, -1, -1, 1, 0, 0);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, client] of federation.clients.entries()) {
      const delta = honest.map((value) => value * (i === 2 ? -10 : 0.1 * (i + 1)));
      await sendDelta(federation, client, await taskOf(client, round), delta);
    }
  }
  await jobEnded(federation, jobId);
  expect(federation.errors).toEqual([]);
  const committed = eventsOf(federation, jobId).filter((it) => it.type === "VersionCommitted");
  const evaluations = eventsOf(federation, jobId).filter((it) => it.type === "ModelEvaluated");
  const report = parts.jobs.show(jobId, 1);
  const vector = async (digest: string | undefined) => {
    const found = committed.flatMap((it) => [
      it.releasedDeltaSha256,
      ...(it.references ?? []).map((ref) => ref.sha256),
    ]);
    const sha256 = found.find((it) => it === digest);
    if (sha256 === undefined) throw new Error("no such vector");
    return floatsOf(parts.journal.inlineBlob(sha256) ?? (await parts.blobs.read(sha256)));
  };
  return { committed, evaluations, report, vector };
}

let onImages: ReturnType<typeof trained> | undefined;
const trainedOnImages = () => (onImages ??= trained(2));

test("FLTrust trains on the coordinator's own examples, trusts who agrees with them and nobody else", async () => {
  const { committed, report, vector } = await trainedOnImages();
  expect(committed).toHaveLength(2);
  for (const version of committed) {
    expect(version.references).toMatchObject([{ name: "rootUpdate" }]);
    const root = await vector(version.references?.[0]?.sha256);
    const released = await vector(version.releasedDeltaSha256);
    expect(root).toHaveLength(D);
    // every trusted update is taken at the root update's length
    expect(norm(root)).toBeGreaterThan(0);
    expect(norm(released)).toBeCloseTo(norm(root), 5);
  }
  expect(committed[0]?.references).not.toEqual(committed[1]?.references);
  const coefficient = (name: string) => report.round?.cohort.find((it) => it.name === name)?.figures["coefficient"];
  expect(coefficient("client-2")).toBe(0);
  expect(coefficient("client-0")).toBeGreaterThan(0);
});

test("tables of the same values teach and judge as images do", async () => {
  const table = "{ csv: table.csv, columns: columns.yaml }";
  const rows = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "255,0,255,0,left" : "0,255,0,255,right"));
  await writeFile(join(folder, "table.csv"), ["a,b,c,d,side", ...rows].join("\n"));
  const features = ["a", "b", "c", "d"].map((column) => ({ column, min: 0, max: 255 }));
  const columns = { label: { column: "side", classes: ["left", "right"] }, features };
  await writeFile(join(folder, "columns.yaml"), JSON.stringify(columns));
  const ofImages = await trainedOnImages();
  const ofTables = await trained(1, FL_TRUST.replace(IMAGES, table), table);
  const first = (of: typeof ofImages) => of.vector(of.committed[0]?.releasedDeltaSha256);
  const [expected, deltas] = [await first(ofImages), await first(ofTables)];
  deltas.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 5);
  });
  expect(ofTables.evaluations[0]?.accuracy).toBe(ofImages.evaluations[0]?.accuracy);
  expect(ofTables.evaluations[0]?.loss).toBeCloseTo(ofImages.evaluations[0]?.loss as number, 5);
});

test("a root dataset is there exactly where the rule reads one, and fits the model", async () => {
  const federation = await testFederation(3);
  const missing = start(federation, "{ rule: { name: FLTrust }, numByzantine: 1 }");
  await expect(missing).rejects.toMatchObject({
    code: "PLAN_INVALID",
    message: expect.stringContaining("needs rootDataset"),
  });
  const idle = start(federation, `{ rule: { name: Median }, numByzantine: 1, ${ROOT} }`);
  await expect(idle).rejects.toMatchObject({
    code: "PLAN_INVALID",
    message: expect.stringContaining("takes no rootDataset"),
  });
  const lost = start(federation, FL_TRUST.replace("labels: labels", "labels: nowhere"));
  await expect(lost).rejects.toMatchObject({ code: "FILE_MISSING" });
});

test("a root dataset that has changed since the plan ends the job, with the reason", async () => {
  const moved = await mkdtemp(join(tmpdir(), "holdfast-root-"));
  for (const name of ["images", "labels"]) await copyFile(join(folder, name), join(moved, name));
  const federation = await testFederation(3);
  const { jobId } = await federation.coordinator.parts.jobs.start(plan(FL_TRUST, 1), moved);
  await rm(moved, { recursive: true });
  for (const client of federation.clients) {
    await sendDelta(federation, client, await taskOf(client, 1), new Float32Array(D).fill(1));
  }
  await jobEnded(federation, jobId);
  expect(eventsOf(federation, jobId).at(-1)).toMatchObject({ outcome: "failed" });
  expect(federation.errors).toEqual([]);
});

test("root training that takes longer than ten minutes, or than the deadline, ends the job, with the reason", async () => {
  const timeout = vi.spyOn(AbortSignal, "timeout");
  for (const [deadlineMs, limitMs] of [
    [60_000, 600_000],
    [700_000, 700_000],
  ]) {
    timeout.mockImplementation((ms) => (ms === limitMs ? AbortSignal.abort() : new AbortController().signal));
    const federation = await testFederation(3);
    const { jobId } = await federation.coordinator.parts.jobs.start(
      plan(FL_TRUST).replace("deadlineMs: 60000", `deadlineMs: ${deadlineMs}`),
      folder,
    );
    for (const client of federation.clients) {
      await sendDelta(federation, client, await taskOf(client, 1), new Float32Array(D).fill(1));
    }
    await jobEnded(federation, jobId);
    expect(eventsOf(federation, jobId).at(-1)).toMatchObject({
      outcome: "failed",
      reason: `TRAINER_FAILED: root training took longer than ${limitMs} ms`,
    });
    expect(federation.errors).toEqual([]);
  }
  timeout.mockRestore();
});

test("a halt stops the root training and leaves the round closed for the next process", async () => {
  const federation = await testFederation(3);
  const long = plan(FL_TRUST).replace("steps: 5", "steps: 1000000");
  const { jobId } = await federation.coordinator.parts.jobs.start(long, folder);
  for (const client of federation.clients) {
    await sendDelta(federation, client, await taskOf(client, 1), new Float32Array(D).fill(1));
  }
  await expect.poll(() => eventsOf(federation, jobId).at(-1)?.type).toBe("RoundClosed");
  await federation.coordinator.halt();
  expect(eventsOf(federation, jobId).at(-1)?.type).toBe("RoundClosed");
  expect(federation.errors).toEqual([]);
});
