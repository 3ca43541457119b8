import { utimes } from "node:fs/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { inFolder } from "../../core/files/faulty-files.contract.ts";
import type { Digest } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { Event } from "../rounds/events.ts";
import { testHome } from "../testing.ts";
import type { BlobStore } from "./blob-store.ts";
import { openFileBlobStore } from "./file-blob-store.ts";
import { memoryJournal } from "./memory-journal.ts";
import { orphansOf } from "./orphans.ts";

const LONG_AGO = 1_000;

/** Five blobs, written long ago. */
async function oldBlobs(store: BlobStore) {
  const digests: Digest[] = [];
  for (let i = 0; i < 5; i++) {
    const digest = await store.putBytes(Uint8Array.of(i));
    await utimes((await store.locate(digest)).path, LONG_AGO, LONG_AGO);
    digests.push(digest);
  }
  return digests as [Digest, Digest, Digest, Digest, Digest];
}

/** An event that names these blobs, at some depth. */
const naming = (...names: readonly unknown[]) => ({ type: "Test", names }) as unknown as Event;

async function headAfter(events: readonly { event: Event; sealed?: Record<string, string> }[], see = (_: never) => {}) {
  const { federationId: origin, logKey } = testHome();
  const journal = memoryJournal({ origin, logKey, clock: systemClock });
  await journal.append(events);
  for (const stored of journal.read(0, events.length)) see(stored as never);
  return journal.head as SignedHead;
}

test("what no event names is deleted; what one names, publicly or sealed, at any depth, stays", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const [named, sealed, deep, orphan, other] = await oldBlobs(store);
    const orphans = await orphansOf(store);
    const events = [
      { event: naming(named) },
      { event: naming("nothing"), sealed: { file: sealed } },
      { event: naming({ vectors: { history: [deep] } }) },
    ];
    await orphans.sweep(await headAfter(events, orphans.see));
    expect((await store.list()).sort()).toEqual([named, sealed, deep].sort());
    expect(await store.has(orphan)).toBe(false);
    expect(await store.has(other)).toBe(false);
  }));

test("with an older journal put back, what is younger than its head stays; with none, everything", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const all = await oldBlobs(store);
    const orphans = await orphansOf(store);
    await orphans.sweep(undefined);
    const head = await headAfter([{ event: naming() }]);
    await orphans.sweep({ ...head, timeMs: LONG_AGO * 1_000 });
    expect(await store.list()).toHaveLength(all.length);
    await orphans.sweep(head);
    expect(await store.list()).toEqual([]);
  }));

test("a blob that came after the journal was read is nobody's orphan", () =>
  inFolder(async (folder) => {
    const store = await openFileBlobStore(folder);
    const orphans = await orphansOf(store);
    const all = await oldBlobs(store);
    await orphans.sweep(await headAfter([{ event: naming() }]));
    expect(await store.list()).toHaveLength(all.length);
  }));
