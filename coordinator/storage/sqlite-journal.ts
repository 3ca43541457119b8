import { verifyHead } from "../../core/crypto/statements.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { FederationError } from "../../core/errors.ts";
import { toHex } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import { type AuditChain, auditChain } from "../audit/chain.ts";
import { GroupCommitJournal, type JournalSettings } from "./group-commit-journal.ts";
import type { Journal } from "./journal.ts";
import { openSqlite, type SqliteDriver, sqliteError } from "./sqlite-driver.ts";
import { createTables, SqliteEventStore } from "./sqlite-event-store.ts";

/**
 * The journal in one SQLite file, which also is the lock of the coordinator's folder. The whole chain and the newest
 * head are verified before anything is read from it.
 * @throws FOLDER_LOCKED, JOURNAL_CORRUPT, SQLITE_UNAVAILABLE, STORAGE_FAILED
 */
export async function openSqliteJournal({
  path,
  open = openSqlite,
  ...settings
}: JournalSettings & { readonly path: string; readonly open?: typeof openSqlite }): Promise<Journal> {
  const database = await open(path);
  try {
    createTables(database);
    const store = new SqliteEventStore(database, settings.origin);
    const chain = verifiedChain(database);
    const head = store.newestHead();
    verifyNewest(head, chain, settings);
    return new GroupCommitJournal(store, chain, head, settings);
  } catch (cause) {
    database.close();
    throw sqliteError(cause, `cannot read ${path}`);
  }
}

/** `root` is that of the head that was signed when the event was the last one, if any was. */
const WALK =
  "SELECT position, public, sealed, salt, link, root FROM events LEFT JOIN heads ON size = position + 1 ORDER BY position";

interface WalkedRow {
  readonly position: number;
  readonly public: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly salt: Uint8Array;
  readonly link: Uint8Array;
  readonly root: Uint8Array | null;
}

/** @throws JOURNAL_CORRUPT naming the first event that does not fit */
function verifiedChain(database: SqliteDriver): AuditChain {
  const chain = auditChain();
  for (const row of database.prepare<WalkedRow>(WALK).iterate()) {
    const index = chain.size;
    const link = chain.append({ publicBytes: row.public, sealedBytes: row.sealed, salt: row.salt });
    if (row.position !== index) throw corrupt(index, "is missing");
    if (Buffer.compare(row.link, link) !== 0) throw corrupt(index, "does not fit the chain");
    if (row.root !== null && toHex(row.root) !== chain.root()) throw corrupt(index, "is under a head of another tree");
  }
  return chain;
}

/** The newest head must be ours and cover exactly the events that are there. */
function verifyNewest(head: SignedHead | undefined, chain: AuditChain, { logKey }: JournalSettings): void {
  const covered = head?.size ?? 0;
  if (chain.size < covered) throw corrupt(chain.size, "is missing");
  if (chain.size > covered) throw corrupt(covered, "is under no head");
  if (head !== undefined && !verifyHead(head, verifier(logKey.publicKey))) {
    throw corrupt(covered - 1, "is under a head that the log's key did not sign");
  }
}

function corrupt(index: number, what: string): FederationError {
  return new FederationError("JOURNAL_CORRUPT", `event ${index} ${what}`);
}
