import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merkleRoot } from "../../core/crypto/merkle.ts";
import { publicLeafHash } from "../../core/crypto/public-leaf.ts";
import { sha256, sha256Bytes } from "../../core/crypto/sha256.ts";
import { coordinatorSigningKey } from "../../core/crypto/sign.ts";
import { verifyHead } from "../../core/crypto/statements.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { asFederationId, asJobId, clientIdOf } from "../../core/ids.ts";
import type { JournalSettings } from "./group-commit-journal.ts";
import type { Entry, Journal } from "./journal.ts";

export const journalSettings: JournalSettings = {
  origin: asFederationId("0f".repeat(16)),
  logKey: coordinatorSigningKey(sha256Bytes("the log key of the tests")),
  clock: { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
};

/** An event that is told from others by its number. */
export function numbered(n: number): Entry {
  return {
    event: { type: "ClientRevoked", clientId: clientIdOf("bern"), reason: `reason ${n}`, atMs: n },
    sealed: { note: `sealed ${n}` },
    key: `key ${n}`,
  };
}

/** Opening the same place again finds what was there, unless the implementation ends with its process. */
export interface JournalPlace {
  open(): Promise<Journal>;
}

/** Every implementation passes the same promises; `durable: false` declares the one exception. */
export function describeJournal(
  name: string,
  newPlace: () => Promise<JournalPlace>,
  { durable }: { durable: boolean },
) {
  const withJournal = async (use: (journal: Journal, place: JournalPlace) => Promise<void>) => {
    const place = await newPlace();
    const journal = await place.open();
    try {
      await use(journal, place);
    } finally {
      journal.close();
    }
  };

  describe(`${name} keeps a journal's promises`, () => {
    test("an empty journal has no events and no head", () =>
      withJournal(async (journal) => {
        expect(journal.size).toBe(0);
        expect(journal.head).toBeUndefined();
        expect(journal.read(0, 10)).toEqual([]);
        expect(journal.leaves(0, 10)).toEqual([]);
        expect(journal.headCovering(0)).toBeUndefined();
      }));

    test("what append resolved is read back in order, with its sealed part", () =>
      withJournal(async (journal) => {
        const appended = await journal.append([numbered(0), { event: numbered(1).event }]);
        expect(appended.firstIndex).toBe(0);
        expect(journal.size).toBe(2);
        expect(journal.read(0, 10)).toEqual([
          { index: 0, event: numbered(0).event, sealed: numbered(0).sealed },
          { index: 1, event: numbered(1).event, sealed: undefined },
        ]);
        expect(journal.read(1, 10).map(({ index }) => index)).toEqual([1]);
        expect(journal.read(0, 1).map(({ index }) => index)).toEqual([0]);
        expect(journal.read(2, 10)).toEqual([]);
      }));

    test("what is kept under commitments is read back whole", () =>
      withJournal(async (journal) => {
        const attempt = { jobId: asJobId("ab".repeat(16)), round: 1, attempt: 0 };
        const event = { type: "ClientDeclined", ...attempt, clientId: clientIdOf("bern"), reason: "policy" } as const;
        const commitmentKey = new Uint8Array(32).fill(1);
        await journal.append([
          { event, commitmentKey },
          { event, commitmentKey, sealed: { note: "sealed" } },
        ]);
        expect(journal.read(0, 2)).toEqual([
          { index: 0, event, sealed: undefined },
          { index: 1, event, sealed: { note: "sealed" } },
        ]);
      }));

    test("its public leaves, page by page, lead to the root that heads are signed over", () =>
      withJournal(async (journal) => {
        const { event } = numbered(2);
        const commitmentKey = new Uint8Array(32).fill(1);
        await journal.append([numbered(0), { event: numbered(1).event }, { event, commitmentKey }]);
        const leaves = [...journal.leaves(0, 2), ...journal.leaves(2, 10)];
        expect(merkleRoot(leaves.map(publicLeafHash))).toBe(journal.head?.root);
        expect(leaves.map(({ publicBytes }) => JSON.parse(Buffer.from(publicBytes).toString()))).toEqual(
          [0, 1, 2].map((n) => numbered(n).event),
        );
        expect(journal.leaves(1, 1)).toEqual(leaves.slice(1, 2));
        expect(journal.leaves(3, 10)).toEqual([]);
      }));

    test("an event that is not durable yet is neither counted nor found", () =>
      withJournal(async (journal) => {
        const appending = journal.append([numbered(0)]);
        expect(journal.size).toBe(0);
        expect(journal.find("key 0")).toBeUndefined();
        await appending;
        expect(journal.find("key 0")?.index).toBe(0);
        expect(journal.find("key 1")).toBeUndefined();
      }));

    test("appends of one moment share one signed head, those of the next moment get another", () =>
      withJournal(async (journal) => {
        const group = await Promise.all([0, 1, 2].map((n) => journal.append([numbered(2 * n), numbered(2 * n + 1)])));
        expect(group.map(({ firstIndex }) => firstIndex)).toEqual([0, 2, 4]);
        for (const { head } of group) expect(head).toEqual(group[0]?.head);
        expect(group[0]?.head).toMatchObject({ origin: journalSettings.origin, size: 6, timeMs: 1_700_000_000_000 });

        const next = await journal.append([numbered(6)]);
        expect(next.head.size).toBe(7);
        expect(journal.head).toEqual(next.head);
        expect([0, 5, 6, 7].map((index) => journal.headCovering(index)?.size)).toEqual([6, 6, 7, undefined]);
        expect(journal.headCovering(3)).toEqual(group[0]?.head);
      }));

    test("heads are signed by the log's key over origin, size, root and time", () =>
      withJournal(async (journal) => {
        const { head } = await journal.append([numbered(0)]);
        const log = verifier(journalSettings.logKey.publicKey);
        expect(verifyHead(head, log)).toBe(true);
        expect(verifyHead({ ...head, size: 2 }, log)).toBe(false);
        expect(verifyHead({ ...head, root: sha256("another tree") }, log)).toBe(false);
        expect(verifyHead({ ...head, origin: asFederationId("00".repeat(16)) }, log)).toBe(false);
      }));

    test("a queue of 8 MiB is committed without waiting for more", () =>
      withJournal(async (journal) => {
        const bytes = new Uint8Array(1 << 20);
        const appends = Array.from({ length: 9 }, (_, n) => {
          bytes[0] = n;
          return journal.append([numbered(n)], [{ digest: sha256(bytes), bytes: bytes.slice() }]);
        });
        expect(journal.size).toBe(8);
        await Promise.all(appends);
        expect(journal.size).toBe(9);
      }));

    test("a key that is taken fails its own append and leaves its neighbours alone", () =>
      withJournal(async (journal) => {
        await journal.append([numbered(0)]);
        const [stored, queued, twice, good] = await Promise.allSettled([
          journal.append([{ ...numbered(1), key: "key 0" }]),
          journal.append([numbered(2)]),
          journal.append([numbered(2)]),
          journal.append([numbered(3)]),
        ]);
        expect([stored.status, queued.status, twice.status, good.status]).toEqual([
          "rejected",
          "fulfilled",
          "rejected",
          "fulfilled",
        ]);
        await expect(journal.append([numbered(4), numbered(4)])).rejects.toMatchObject({ code: "INTERNAL" });
        expect(journal.read(0, 10).map(({ event }) => event)).toEqual([0, 2, 3].map((n) => numbered(n).event));
      }));

    test("what has no canonical JSON is refused before it is queued", () =>
      withJournal(async (journal) => {
        const bad = journal.append([{ ...numbered(0), sealed: { norm: Number.NaN } }]);
        await expect(bad).rejects.toThrow(TypeError);
        await expect(journal.append([])).rejects.toMatchObject({ code: "INTERNAL" });
        await journal.append([numbered(0)]);
        expect(journal.size).toBe(1);
      }));

    test("an inline blob is there with its event, and is checked when it is read", () =>
      withJournal(async (journal) => {
        const bytes = Uint8Array.of(1, 2, 3);
        const digest = sha256(bytes);
        expect(journal.inlineBlob(digest)).toBeUndefined();
        await journal.append([numbered(0)], [{ digest, bytes }]);
        await journal.append([numbered(1)], [{ digest, bytes }]);
        expect([...(journal.inlineBlob(digest) ?? [])]).toEqual([1, 2, 3]);

        const other = sha256("something else");
        await journal.append([numbered(2)], [{ digest: other, bytes }]);
        expect(() => journal.inlineBlob(other)).toThrow(expect.objectContaining({ code: "JOURNAL_CORRUPT" }));
      }));

    test("grownBeyond resolves at once, with the next commit, or when its signal aborts", () =>
      withJournal(async (journal) => {
        const never = new AbortController().signal;
        const growing = journal.grownBeyond(1, never);
        await journal.append([numbered(0)]);
        expect(await Promise.race([growing, Promise.resolve("still waiting")])).toBe("still waiting");
        await journal.append([numbered(1)]);
        await growing;
        await journal.grownBeyond(1, never);

        const abort = new AbortController();
        const waiting = journal.grownBeyond(100, abort.signal);
        abort.abort();
        await waiting;
        await journal.grownBeyond(100, abort.signal);
      }));

    test("close commits what is queued and refuses what comes after", () =>
      withJournal(async (journal) => {
        const appending = journal.append([numbered(0)]);
        journal.close();
        expect((await appending).head.size).toBe(1);
        await expect(journal.append([numbered(1)])).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
      }));

    test("however appends fall into moments, the order is that of the calls", async () => {
      const moments = fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(moments, (sizes) =>
          withJournal(async (journal) => {
            let n = 0;
            for (const moment of sizes) {
              const calls = moment.map((length) => journal.append(Array.from({ length }, () => numbered(n++))));
              await Promise.all(calls);
            }
            expect(journal.read(0, 1000).map(({ event }) => event)).toEqual(
              Array.from({ length: n }, (_, i) => numbered(i).event),
            );
          }),
        ),
        { numRuns: 20 },
      );
    });

    test.runIf(durable)("everything is there after a reopen, and the chain goes on", () =>
      withJournal(async (journal, place) => {
        const bytes = Uint8Array.of(7);
        const { head } = await journal.append([numbered(0), numbered(1)], [{ digest: sha256(bytes), bytes }]);
        journal.close();

        const again = await place.open();
        expect(again.head).toEqual(head);
        expect(again.read(0, 10).map(({ event, sealed }) => ({ event, sealed }))).toEqual(
          [0, 1].map((n) => ({ event: numbered(n).event, sealed: numbered(n).sealed })),
        );
        expect(again.find("key 1")?.index).toBe(1);
        expect([...(again.inlineBlob(sha256(bytes)) ?? [])]).toEqual([7]);
        expect((await again.append([numbered(2)])).firstIndex).toBe(2);
        again.close();

        const third = await place.open();
        expect(third.size).toBe(3);
        third.close();
      }),
    );

    test.runIf(durable)("a second writer is refused, not interleaved, until the first one closes", () =>
      withJournal(async (journal, place) => {
        await journal.append([numbered(0)]);
        await expect(place.open()).rejects.toMatchObject({ code: "FOLDER_LOCKED" });
        await journal.append([numbered(1)]);
        journal.close();
        const next = await place.open();
        expect(next.size).toBe(2);
        next.close();
      }),
    );
  });
}
