import { appendFile, readdir, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asJobId } from "../core/ids.ts";
import { openOutbox } from "./outbox.ts";
import { signUpdate, type UnsavedUpdate } from "./sign-update.ts";
import { FakeCoordinator, JOB, SIGNER, SILENT, temporaryFolder } from "./testing.ts";

function unsaved(clientSeq: number, delta = [1, 2, 3, 4, 5, 6]): UnsavedUpdate {
  const { statement: task } = new FakeCoordinator().task({ round: clientSeq }).task;
  const local = { delta: Float32Array.from(delta), numExamples: 1, metrics: {} };
  return signUpdate(local, { task, keyEpoch: 1, clientSeq, issuedAtMs: 1_000, signer: SIGNER });
}

const open = (folder: string) => openOutbox(folder, SILENT);

describe("sequence numbers", () => {
  test("start at 1 and rise, for each job by itself, also across a restart", async () => {
    const folder = await temporaryFolder();
    const other = asJobId("0b".repeat(16));
    const outbox = await open(folder);
    expect([await outbox.nextSequence(JOB), await outbox.nextSequence(JOB)]).toEqual([1, 2]);
    expect(await outbox.nextSequence(other)).toBe(1);
    const reopened = await open(folder);
    expect([await reopened.nextSequence(JOB), await reopened.nextSequence(other)]).toEqual([65, 65]);
  });

  test("a damaged file is said, not started over", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, `${JOB}.sequence`), "seven");
    await expect((await open(folder)).nextSequence(JOB)).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
  });
});

describe("kept updates", () => {
  test("are there after a restart, oldest first, bit for bit", async () => {
    const folder = await temporaryFolder();
    const outbox = await open(folder);
    const [second, first] = [unsaved(2), unsaved(1)];
    for (const update of [second, first]) await outbox.keep(update);
    const found = await (await open(folder)).unanswered();
    expect(found.map((it) => it.updateId)).toEqual([first.updateId, second.updateId]);
    for (const [i, { header, headerBytes, signature, payload }] of [first, second].entries()) {
      expect(found[i]?.header).toEqual(header);
      expect(Buffer.compare(found[i]?.headerBytes ?? new Uint8Array(), headerBytes)).toBe(0);
      expect(Buffer.compare(found[i]?.signature ?? new Uint8Array(), signature)).toBe(0);
      const { path, offset, sizeBytes } = found[i]?.payload ?? { path: "", offset: 0, sizeBytes: 0 };
      expect(Buffer.compare((await readFile(path)).subarray(offset, offset + sizeBytes), payload)).toBe(0);
    }
  });

  test("are gone once answered; answering again changes nothing", async () => {
    const folder = await temporaryFolder();
    const outbox = await open(folder);
    const { updateId } = await outbox.keep(unsaved(1));
    await outbox.answered(updateId);
    await outbox.answered(updateId);
    expect(await (await open(folder)).unanswered()).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("are for their owner's eyes", async () => {
    const outbox = await open(await temporaryFolder());
    const { payload } = await outbox.keep(unsaved(1));
    expect((await stat(payload.path)).mode & 0o077).toBe(0);
  });

  test("a write that a crash cut short leaves nothing behind", async () => {
    const folder = await temporaryFolder();
    const outbox = await open(folder);
    const { payload } = await outbox.keep(unsaved(1));
    await rename(payload.path, `${payload.path}.tmp`);
    expect(await (await open(folder)).unanswered()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ["truncated", (path: string) => truncate(path, 400)],
    ["one byte too long", (path: string) => appendFile(path, "x")],
    ["of another format", (path: string) => writeFile(path, "not an update")],
    ["renamed", (path: string) => rename(path, path.replace(/[^/\\]+$/, `${"0".repeat(64)}.update`))],
  ])("a file that is %s is passed over, the others are not", async (_what, damage) => {
    const folder = await temporaryFolder();
    const outbox = await open(folder);
    const { payload } = await outbox.keep(unsaved(1));
    const sound = await outbox.keep(unsaved(2));
    await damage(payload.path);
    expect((await outbox.unanswered()).map((it) => it.updateId)).toEqual([sound.updateId]);
  });

  test("an empty payload is kept too", async () => {
    const outbox = await open(await temporaryFolder());
    expect((await outbox.keep(unsaved(1, []))).payload.sizeBytes).toBe(0);
    expect(await outbox.unanswered()).toHaveLength(1);
  });
});
