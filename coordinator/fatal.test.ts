import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import { openCoordinator } from "./coordinator.ts";
import { memoryJournal } from "./storage/memory-journal.ts";
import { inThisThread, testHome } from "./testing.ts";

/** Every file of this process from now on, until the test ends. */
async function breakEveryFsync(folder: string): Promise<void> {
  const file = await open(join(folder, "any"), "w");
  const broken = Object.assign(new Error("EIO: simulated"), { code: "EIO" });
  const spy = vi.spyOn(Object.getPrototypeOf(file), "sync").mockRejectedValue(broken);
  onTestFinished(() => spy.mockRestore());
  await file.close();
}

test("an fsync that fails in the blob store reaches the process, which must stop", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-fatal-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const home = { ...testHome(), folder };
  const told: unknown[] = [];
  const coordinator = await openCoordinator({
    home,
    log: pino({ level: "silent" }),
    journal: memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock }),
    ...inThisThread,
    fatal: (error) => told.push(error),
  });
  onTestFinished(() => coordinator.close());
  await coordinator.parts.blobs.putBytes(Uint8Array.of(1));
  expect(told).toEqual([]);
  await breakEveryFsync(folder);
  const failed = { code: "STORAGE_FAILED" };
  await expect(coordinator.parts.blobs.putBytes(Uint8Array.of(2))).rejects.toMatchObject(failed);
  expect(told).toMatchObject([failed]);
});
