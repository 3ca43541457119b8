import { closeSync, openSync } from "node:fs";
import { FederationError } from "../../core/errors.ts";

/** What a column may hold. Integers stay below 2^53 and keys are BLOBs: there both libraries agree. */
export type SqliteValue = number | string | Uint8Array | null;

export interface SqliteStatement<Row> {
  run(...values: SqliteValue[]): void;
  all(...values: SqliteValue[]): Row[];
  iterate(...values: SqliteValue[]): Iterable<Row>;
}

/** The little that node:sqlite and better-sqlite3 have in common and the journal needs; only the type of rows is ours. */
export interface SqliteDriver {
  exec(sql: string): void;
  prepare<Row>(sql: string): SqliteStatement<Row>;
  close(): void;
}

export interface SqliteLibrary {
  readonly name: string;
  /** Opens a database file, or undefined where the library does not work on this machine. */
  load(): Promise<((path: string) => SqliteDriver) | undefined>;
}

/**
 * Durable and alone. The exclusive lock is the operating system's: a second opener, in this process or another, fails
 * at once, and a crash frees it. synchronous=FULL because NORMAL can lose an acknowledged commit on power loss;
 * fullfsync because macOS's plain fsync leaves the data in the drive's cache. Large pages because inline payloads are
 * tens of KiB: twice as many of them a second as with pages of 4 KiB.
 */
const OPENING = `
  PRAGMA page_size = 16384;
  PRAGMA busy_timeout = 0;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  BEGIN EXCLUSIVE;
  COMMIT;
`;

/**
 * Opens a database for this process alone; a new one only its owner can read.
 * @throws SQLITE_UNAVAILABLE, FOLDER_LOCKED, JOURNAL_CORRUPT when the file is no database, STORAGE_FAILED
 */
export async function openSqlite(
  path: string,
  libraries: readonly SqliteLibrary[] = [nodeSqlite, betterSqlite3],
): Promise<SqliteDriver> {
  for (const library of libraries) {
    const open = await library.load();
    if (open !== undefined) return openAlone(path, open);
  }
  throw new FederationError(
    "SQLITE_UNAVAILABLE",
    `Node ${process.version} has no built-in SQLite and better-sqlite3 does not load: upgrade Node to 22.13 or later, or run \`npm install better-sqlite3\``,
  );
}

function openAlone(path: string, open: (path: string) => SqliteDriver): SqliteDriver {
  let driver: SqliteDriver | undefined;
  try {
    createPrivate(path);
    driver = open(path);
    driver.exec(OPENING);
    return driver;
  } catch (cause) {
    driver?.close();
    throw sqliteError(cause, `cannot open ${path}`);
  }
}

/**
 * SQLite would make a new file as the umask has it; to the files beside it, it gives the mode of this one. A file that is
 * there must not be opened: closing it again would free the lock that this process may hold on it (fcntl, POSIX.1).
 */
function createPrivate(path: string): void {
  if (process.platform === "win32") return;
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean more than "it failed", as either library says them. */
const MEANINGS: Readonly<Record<string, "FOLDER_LOCKED" | "JOURNAL_CORRUPT">> = {
  5: "FOLDER_LOCKED",
  SQLITE_BUSY: "FOLDER_LOCKED",
  11: "JOURNAL_CORRUPT",
  SQLITE_CORRUPT: "JOURNAL_CORRUPT",
  26: "JOURNAL_CORRUPT",
  SQLITE_NOTADB: "JOURNAL_CORRUPT",
};

/** What a library threw, in our words. */
export function sqliteError(cause: unknown, doing: string): FederationError {
  if (cause instanceof FederationError) return cause;
  const { errcode, code } = cause as { errcode?: unknown; code?: unknown };
  // an extended code begins with its primary one
  const primary = typeof errcode === "number" ? errcode & 0xff : String(code).split("_", 2).join("_");
  return new FederationError(MEANINGS[primary] ?? "STORAGE_FAILED", `${doing}: ${String(cause)}`, { cause });
}

/** Built into Node since 22.13 (before that it lacks `iterate` or hides behind a flag). */
export const nodeSqlite: SqliteLibrary = {
  name: "node:sqlite",
  load: async () => {
    const sqlite = withoutSqliteWarning(() => process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined);
    if (sqlite === undefined || !("iterate" in sqlite.StatementSync.prototype)) return undefined;
    return (path) => new sqlite.DatabaseSync(path) as unknown as SqliteDriver;
  },
};

type NodeSqlite = typeof import("node:sqlite");

/** An optional dependency. Its native half may be missing although the package is there, hence the trial. */
export const betterSqlite3: SqliteLibrary = {
  name: "better-sqlite3",
  load: async () => {
    try {
      const { default: Database } = await import("better-sqlite3");
      new Database(":memory:").close();
      return (path) => new Database(path) as unknown as SqliteDriver;
    } catch {
      return undefined;
    }
  },
};

/** Node 22 announces on stderr that its SQLite is experimental; ours to know, not the operator's. Nothing else is hushed. */
function withoutSqliteWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const isOurs = rest[0] === "ExperimentalWarning" && String(warning).includes("SQLite");
    if (!isOurs) (emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
