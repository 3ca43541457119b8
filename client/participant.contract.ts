import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, vi } from "vitest";
import { openOutbox } from "./outbox.ts";
import { type ParticipantParts, participant } from "./participant.ts";
import { FakeCoordinator, fakeParts, SILENT, temporaryFolder } from "./testing.ts";

/** Participants in tests of their loop; every one started is stopped after its test. */
const running: { stop: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const client of running.splice(0)) await client.stop();
});

export function start(parts: ParticipantParts) {
  const abort = new AbortController();
  const ended = participant(parts).run(abort.signal);
  const outcome = ended.then(
    () => "ended",
    (error: unknown) => error,
  );
  const stop = async () => {
    abort.abort();
    await outcome;
  };
  running.push({ stop });
  return { ended: outcome, stop };
}

export const eventually = (check: () => unknown) => vi.waitFor(check, { interval: 2, timeout: 20_000 });

export const connected = (coordinator: FakeCoordinator) => eventually(() => expect(coordinator.isConnected).toBe(true));

export const heard = (coordinator: FakeCoordinator, what: string) =>
  eventually(() => expect(coordinator.heard.join("\n")).toContain(what));

export async function connectedClient(changes: Partial<ParticipantParts> = {}, coordinator = new FakeCoordinator()) {
  const folder = await temporaryFolder();
  const parts = await fakeParts(coordinator, { outbox: await openOutbox(folder, SILENT), ...changes });
  const client = start(parts);
  await connected(coordinator);
  return { coordinator, parts, client, folder };
}

export const outboxIsEmpty = (folder: string) =>
  eventually(async () => {
    const places = (await readdir(folder)).filter((it) => it.endsWith(".update"));
    const sizes = await Promise.all(places.map(async (name) => (await stat(join(folder, name))).size));
    expect(sizes.filter((size) => size > 0)).toEqual([]);
  });
