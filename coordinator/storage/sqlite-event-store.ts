import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import { FederationError } from "../../core/errors.ts";
import { type Digest, type FederationId, fromHex, toHex } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import { contentOf, publicLeafOf } from "../audit/leaves.ts";
import type { CommitGroup, EventStore } from "./event-store.ts";
import type { StoredEvent } from "./journal.ts";
import type { SqliteDriver, SqliteStatement } from "./sqlite-driver.ts";

/** PRAGMA user_version of the tables below. */
const FORMAT = 1;

const TABLES = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    public BLOB NOT NULL,
    sealed BLOB,
    salt BLOB NOT NULL,
    link BLOB NOT NULL,
    key BLOB UNIQUE
  ) STRICT;
  CREATE TABLE heads (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    time_ms INTEGER NOT NULL,
    signature BLOB NOT NULL
  ) STRICT;
  CREATE TABLE blobs (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  PRAGMA user_version = ${FORMAT};
`;

/** Makes the tables of a new journal. @throws JOURNAL_CORRUPT when they are of a format we do not know */
export function createTables(database: SqliteDriver): void {
  const [version] = database.prepare<{ user_version: number }>("PRAGMA user_version").all();
  if (version?.user_version === FORMAT) return;
  if (version?.user_version !== 0) {
    throw new FederationError("JOURNAL_CORRUPT", `the journal has format ${version?.user_version}, not ${FORMAT}`);
  }
  inTransaction(database, () => database.exec(TABLES));
}

interface EventColumns {
  readonly position: number;
  readonly public: Uint8Array;
  readonly sealed: Uint8Array | null;
}

interface LeafColumns {
  readonly public: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly salt: Uint8Array;
}

interface HeadColumns {
  readonly size: number;
  readonly root: Uint8Array;
  readonly time_ms: number;
  readonly signature: Uint8Array;
}

/** A row for each event, each head and each inline blob. */
export class SqliteEventStore implements EventStore {
  readonly #database: SqliteDriver;
  readonly #origin: FederationId;
  readonly #insertEvent: SqliteStatement<never>;
  readonly #insertHead: SqliteStatement<never>;
  readonly #insertBlob: SqliteStatement<never>;
  readonly #events: SqliteStatement<EventColumns>;
  readonly #leaves: SqliteStatement<LeafColumns>;
  readonly #eventByKey: SqliteStatement<EventColumns>;
  readonly #headAbove: SqliteStatement<HeadColumns>;
  readonly #newestHead: SqliteStatement<HeadColumns>;
  readonly #blob: SqliteStatement<{ readonly bytes: Uint8Array }>;

  constructor(database: SqliteDriver, origin: FederationId) {
    this.#database = database;
    this.#origin = origin;
    this.#insertEvent = database.prepare(
      "INSERT INTO events (position, public, sealed, salt, link, key) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#insertHead = database.prepare("INSERT INTO heads (size, root, time_ms, signature) VALUES (?, ?, ?, ?)");
    this.#insertBlob = database.prepare("INSERT OR IGNORE INTO blobs (digest, bytes) VALUES (?, ?)");
    this.#events = database.prepare(
      "SELECT position, public, sealed FROM events WHERE position >= ? ORDER BY position LIMIT ?",
    );
    this.#leaves = database.prepare(
      "SELECT public, sealed, salt FROM events WHERE position >= ? ORDER BY position LIMIT ?",
    );
    this.#eventByKey = database.prepare("SELECT position, public, sealed FROM events WHERE key = ?");
    this.#headAbove = database.prepare("SELECT * FROM heads WHERE size > ? ORDER BY size LIMIT 1");
    this.#newestHead = database.prepare("SELECT * FROM heads ORDER BY size DESC LIMIT 1");
    this.#blob = database.prepare("SELECT bytes FROM blobs WHERE digest = ?");
  }

  commit({ rows, blobs, head }: CommitGroup): void {
    inTransaction(this.#database, () => {
      for (const { index, publicBytes, sealedBytes, salt, link, key } of rows) {
        this.#insertEvent.run(index, publicBytes, sealedBytes, salt, link, key === null ? null : Buffer.from(key));
      }
      for (const { digest, bytes } of blobs) this.#insertBlob.run(fromHex(digest), bytes);
      this.#insertHead.run(head.size, fromHex(head.root), head.timeMs, fromHex(head.signature));
    });
  }

  read(fromIndex: number, limit: number): StoredEvent[] {
    return this.#events.all(fromIndex, limit).map(storedEvent);
  }

  leaves(fromIndex: number, limit: number): PublicLeaf[] {
    return this.#leaves
      .all(fromIndex, limit)
      .map(({ public: publicBytes, sealed: sealedBytes, salt }) => publicLeafOf({ publicBytes, sealedBytes, salt }));
  }

  find(key: string): StoredEvent | undefined {
    return this.#eventByKey.all(Buffer.from(key)).map(storedEvent)[0];
  }

  headCovering(index: number): SignedHead | undefined {
    return this.#headAbove.all(index).map((columns) => signedHead(this.#origin, columns))[0];
  }

  inlineBlob(digest: Digest): Uint8Array | undefined {
    return this.#blob.all(fromHex(digest))[0]?.bytes;
  }

  newestHead(): SignedHead | undefined {
    return this.#newestHead.all().map((columns) => signedHead(this.#origin, columns))[0];
  }

  close(): void {
    this.#database.close();
  }
}

function inTransaction(database: SqliteDriver, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (cause) {
    rollBack(database);
    throw cause;
  }
}

/** SQLite rolls back by itself after some errors, and then has nothing to roll back. */
function rollBack(database: SqliteDriver): void {
  try {
    database.exec("ROLLBACK");
  } catch {}
}

function storedEvent({ position, public: publicBytes, sealed: sealedBytes }: EventColumns): StoredEvent {
  return { index: position, ...contentOf({ publicBytes, sealedBytes }) };
}

function signedHead(origin: FederationId, { size, root, time_ms, signature }: HeadColumns): SignedHead {
  return { origin, size, root: toHex(root) as Digest, timeMs: time_ms, signature: toHex(signature) };
}
