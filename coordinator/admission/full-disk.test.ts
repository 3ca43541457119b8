import { expect, test } from "vitest";
import { encodeHeader, updateMessage } from "../../core/crypto/envelope.ts";
import { isRefusal } from "../../core/errors.ts";
import { DurableDisk } from "../../core/files/durable-write.ts";
import { type Faults, faultyFiles, inFolder } from "../../core/files/faulty-files.contract.ts";
import type { TaskStatement } from "../../core/statements.ts";
import { bytesOf, payloadDigest } from "../../core/tensors/digest.ts";
import type { Upload } from "../parts.ts";
import { openFileBlobStore } from "../storage/file-blob-store.ts";
import { INLINE_BYTES } from "../storage/journal.ts";
import {
  eventsOf,
  headerFor,
  sendDelta,
  type TestClient,
  type TestFederation,
  taskOf,
  testFederation,
} from "../testing.ts";

/** Updates larger than what the journal's own transaction carries: they go to the disk. */
const INPUTS = 16_384;
const PLAN = `
job: full-disk
model: { builtin: softmax, inputs: ${INPUTS}, classes: 2 }
rounds: 2
round: { quorum: 2, graceMs: 60000, deadlineMs: 60000, minUpdates: 2 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;
const D = 2 * INPUTS + 2;
const HALF = 2 * D;
const delta = new Float32Array(D).fill(0.5);
const body = bytesOf(delta);

interface OpenRound extends TestFederation {
  readonly faults: Faults;
  readonly first: TestClient;
  readonly second: TestClient;
  readonly task: TaskStatement;
}

/** Two clients in the first round of a job whose blobs lie on a disk that may run full. */
const inRound = (use: (round: OpenRound) => Promise<void>) =>
  inFolder(async (folder) => {
    const faults: Faults = {};
    const blobs = await openFileBlobStore(folder, new DurableDisk(faultyFiles(faults)));
    const federation = await testFederation(2, { blobs });
    await federation.coordinator.parts.jobs.start(PLAN, "/");
    const [first, second] = federation.clients;
    if (first === undefined || second === undefined) throw new Error("no clients");
    try {
      await use({ ...federation, faults, first, second, task: await taskOf(first, 1) });
    } finally {
      await federation.coordinator.close();
    }
  });

/** Presents the update and goes on from where the coordinator says. */
async function begin({ coordinator, first, task }: OpenRound): Promise<Upload> {
  const headerBytes = encodeHeader(headerFor(task, delta));
  const signature = first.key.sign(updateMessage(headerBytes));
  const begun = await coordinator.parts.admission.begin(first.session, headerBytes, signature);
  if (begun.outcome !== "proceed") throw new Error(`not begun: ${JSON.stringify(begun)}`);
  return begun.upload;
}

const codeOf = (outcome: object | undefined) => (isRefusal(outcome) ? outcome.refused : "admitted");
const roomAgain = (faults: Faults) => {
  delete faults.freeBytes;
  faults.syncFailsWith = undefined;
};

/** The round was neither abandoned nor closed without anybody: both updates are in, and the next round is open. */
async function expectWholeRound(round: OpenRound): Promise<void> {
  await taskOf(round.first, 2);
  const events = eventsOf(round, round.task.jobId);
  const closed = events.filter((it) => it.type === "RoundClosed");
  expect(closed).toMatchObject([{ round: 1, attempt: 0, rows: [{}, {}], absent: [] }]);
  expect(events.filter((it) => it.type === "UpdateAdmitted").map((it) => it.norm)).toEqual([
    expect.closeTo(Math.sqrt(D / 4), 6),
    expect.closeTo(Math.sqrt(D / 4), 6),
  ]);
  expect(events.map((it) => it.type)).not.toContain("UpdateRefused");
  expect(round.errors).toEqual([]);
}

test("the update of this test goes to the disk", () => {
  expect(body.length).toBeGreaterThan(INLINE_BYTES);
});

test("a disk that runs full in mid-upload: DISK_FULL, what came is kept, and the same update is admitted once there is room", () =>
  inRound(async (round) => {
    const { faults, second } = round;
    const cut = await begin(round);
    expect(await cut.write(0, body.subarray(0, HALF))).toBeUndefined();
    faults.freeBytes = 1_001;
    expect(codeOf(await cut.write(HALF, body.subarray(HALF)))).toBe("DISK_FULL");
    await cut.suspend();
    expect(codeOf(await sendDelta(round, second, await taskOf(second, 1), delta))).toBe("DISK_FULL");

    roomAgain(faults);
    expect(codeOf(await sendDelta(round, second, await taskOf(second, 1), delta))).toBe("admitted");
    const again = await begin(round);
    expect(again.offset).toBeGreaterThanOrEqual(HALF);
    expect(again.offset).toBeLessThan(body.length);
    expect(await again.write(again.offset, body.subarray(again.offset))).toBeUndefined();
    expect(await again.finish()).toMatchObject({ statement: { decision: "admitted" } });
    expect(await round.coordinator.parts.blobs.has(payloadDigest(delta))).toBe(true);
    await expectWholeRound(round);
  }));

test("a disk found full only when the update is made durable: the same update is admitted once there is room", () =>
  inRound(async (round) => {
    const { faults, first, second, task } = round;
    faults.syncFailsWith = "ENOSPC";
    expect(codeOf(await sendDelta(round, first, task, delta))).toBe("DISK_FULL");
    expect(await round.coordinator.parts.blobs.has(payloadDigest(delta))).toBe(false);

    roomAgain(faults);
    expect(codeOf(await sendDelta(round, first, task, delta))).toBe("admitted");
    expect(codeOf(await sendDelta(round, second, await taskOf(second, 1), delta))).toBe("admitted");
    await expectWholeRound(round);
  }));

test("an update admitted before the disk ran full stays admitted", () =>
  inRound(async (round) => {
    const { faults, first, second, task } = round;
    const secondTask = await taskOf(second, 1);
    const receipt = await sendDelta(round, second, secondTask, delta);
    faults.freeBytes = 0;
    expect(codeOf(await sendDelta(round, first, task, delta))).toBe("DISK_FULL");
    expect(await sendDelta(round, second, secondTask, delta)).toEqual(receipt);

    roomAgain(faults);
    expect(codeOf(await sendDelta(round, first, task, delta))).toBe("admitted");
    await expectWholeRound(round);
  }));

test("chunks may go on in the same stream: the norm is that of the values, however often a chunk was refused", () =>
  inRound(async (round) => {
    const { faults, second } = round;
    const upload = await begin(round);
    faults.freeBytes = 0;
    for (let i = 0; i < 2; i++) expect(codeOf(await upload.write(0, body.subarray(0, HALF)))).toBe("DISK_FULL");
    expect(upload.offset).toBe(0);
    roomAgain(faults);
    expect(await upload.write(0, body.subarray(0, HALF))).toBeUndefined();
    expect(await upload.write(HALF, body.subarray(HALF))).toBeUndefined();
    expect(codeOf(await upload.finish())).toBe("admitted");
    expect(codeOf(await sendDelta(round, second, await taskOf(second, 1), delta))).toBe("admitted");
    await expectWholeRound(round);
  }));
