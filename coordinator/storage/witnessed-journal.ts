import { readFile } from "node:fs/promises";
import { verifyHead } from "../../core/crypto/statements.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { FederationError } from "../../core/errors.ts";
import { DurableDisk } from "../../core/files/durable-write.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { Event } from "../rounds/events.ts";
import type { Journal } from "./journal.ts";

/** Whoever takes these back takes back what privacy has cost, or what administrators have decided about it. */
const WITNESSED: ReadonlySet<Event["type"]> = new Set(["ChargeReserved", "ChangeMade"]);

const EVENTS_AT_ONCE = 256;

/**
 * A journal that cannot be rolled back to before a charge without notice. A restored backup has a chain and a head that
 * verify; so the head over the last charge is kept in a file of its own as well, durable before the charge is
 * acknowledged and so before its noise is drawn. A process that died between the two is made up for at the next opening.
 * Who restores the file too is caught by the clients, who keep heads.
 * @throws JOURNAL_CORRUPT when the journal does not reach the witnessed head, or has another history up to it
 */
export async function witnessedJournal(journal: Journal, path: string, logKey: Uint8Array): Promise<Journal> {
  const disk = new DurableDisk();
  let witness = await readWitness(path, logKey);
  if (witness !== undefined) assertContinues(journal, witness, path);
  let writing: Promise<void> = Promise.resolve();

  async function keep(head: SignedHead): Promise<void> {
    if (head.size <= (witness?.size ?? 0)) return;
    await disk.write(path, [Buffer.from(`${JSON.stringify(head)}\n`)]);
    witness = head;
  }

  const charged = lastWitnessed(journal, witness?.size ?? 0);
  if (charged !== undefined) await keep(charged);

  return {
    get size() {
      return journal.size;
    },
    get head() {
      return journal.head;
    },
    async append(entries, blobs) {
      const appended = await journal.append(entries, blobs);
      if (entries.some(({ event }) => WITNESSED.has(event.type))) {
        writing = writing.then(() => keep(appended.head));
        await writing;
      }
      return appended;
    },
    read: (fromIndex, limit) => journal.read(fromIndex, limit),
    leaves: (fromIndex, limit) => journal.leaves(fromIndex, limit),
    find: (key) => journal.find(key),
    headCovering: (index) => journal.headCovering(index),
    inlineBlob: (digest) => journal.inlineBlob(digest),
    grownBeyond: (index, signal) => journal.grownBeyond(index, signal),
    close: () => journal.close(),
  };
}

/** The head over the last event from `fromIndex` on that a witness is kept of; undefined without such an event. */
function lastWitnessed(journal: Journal, fromIndex: number): SignedHead | undefined {
  let last: number | undefined;
  for (let next = fromIndex; next < journal.size; ) {
    const events = journal.read(next, EVENTS_AT_ONCE);
    last = events.findLast(({ event }) => WITNESSED.has(event.type))?.index ?? last;
    next += Math.max(1, events.length);
  }
  return last === undefined ? undefined : journal.headCovering(last);
}

/** Heads are of whole commit groups, so the same history has the same head there. */
function assertContinues(journal: Journal, witness: SignedHead, path: string): void {
  const head = witness.size > journal.size ? undefined : journal.headCovering(witness.size - 1);
  if (head?.size === witness.size && head.root === witness.root) return;
  throw new FederationError(
    "JOURNAL_CORRUPT",
    `the journal does not continue the ${witness.size} events that ${path} is a witness of: charges were taken back, by a ` +
      "restored backup or by hand; put the newest journal in its place",
  );
}

async function readWitness(path: string, logKey: Uint8Array): Promise<SignedHead | undefined> {
  const json = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (json === undefined) return undefined;
  const head = signedHead(json, logKey);
  if (head === undefined)
    throw new FederationError("JOURNAL_CORRUPT", `${path} holds no head that this log's key signed`);
  return head;
}

/** What the log's key signed has the form of a head: the signature covers every field. */
function signedHead(json: string, logKey: Uint8Array): SignedHead | undefined {
  try {
    const head = JSON.parse(json) as SignedHead;
    return verifyHead(head, verifier(logKey)) ? head : undefined;
  } catch {
    return undefined;
  }
}
