import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coordinatorSigningKey } from "../../core/crypto/sign.ts";
import type { FederationError } from "../../core/errors.ts";
import { describeJournal, journalSettings, numbered } from "./journal.contract.ts";
import { betterSqlite3, nodeSqlite, openSqlite, type SqliteDriver } from "./sqlite-driver.ts";
import { openSqliteJournal } from "./sqlite-journal.ts";

let folder: string;
let numPaths = 0;
const newPath = () => join(folder, `${numPaths++}.sqlite`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-journal-"));
});
afterAll(() => rm(folder, { recursive: true }));

for (const library of [nodeSqlite, betterSqlite3]) {
  if ((await library.load()) === undefined) continue;
  describeJournal(
    `openSqliteJournal on ${library.name}`,
    async () => {
      const path = newPath();
      const open = (path: string) => openSqlite(path, [library]);
      return { open: () => openSqliteJournal({ ...journalSettings, path, open }) };
    },
    { durable: true },
  );
}

const open = (path: string) => openSqliteJournal({ ...journalSettings, path });

/** A closed journal of five events in three commit groups. */
async function written(): Promise<string> {
  const path = newPath();
  const journal = await open(path);
  await journal.append([numbered(0), numbered(1)]);
  await journal.append([{ event: numbered(2).event }, numbered(3)]);
  await journal.append([numbered(4)]);
  journal.close();
  return path;
}

async function tamper(path: string, change: (database: SqliteDriver) => void): Promise<void> {
  const database = await openSqlite(path);
  try {
    change(database);
  } finally {
    database.close();
  }
}

describe("a journal that was touched does not open", () => {
  test("one flipped bit of any public, sealed, salt or link names its event", async () => {
    const columns = fc.constantFrom("public", "sealed", "salt", "link");
    await fc.assert(
      fc.asyncProperty(
        columns,
        fc.constantFrom(0, 1, 3, 4),
        fc.nat(),
        fc.nat(7),
        async (column, position, byte, bit) => {
          const path = await written();
          await tamper(path, (database) => {
            const select = `SELECT ${column} AS bytes FROM events WHERE position = ?`;
            const [row] = database.prepare<{ bytes: Uint8Array }>(select).all(position);
            const bytes = Uint8Array.from(row?.bytes ?? []);
            bytes[byte % bytes.length] = (bytes[byte % bytes.length] as number) ^ (1 << bit);
            database.prepare(`UPDATE events SET ${column} = ? WHERE position = ?`).run(bytes, position);
          });
          await expect(open(path)).rejects.toMatchObject({
            code: "JOURNAL_CORRUPT",
            message: expect.stringContaining(`event ${position} `),
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each([
    ["a sealed part that appeared", "UPDATE events SET sealed = x'7b7d' WHERE position = 2", "event 2 "],
    ["a sealed part that is gone", "UPDATE events SET sealed = NULL WHERE position = 1", "event 1 "],
    ["a missing event", "DELETE FROM events WHERE position = 1", "event 1 "],
    ["a missing last event", "DELETE FROM events WHERE position = 4", "event 4 "],
    ["an event of another index", "UPDATE events SET position = 9 WHERE position = 4", "event 4 "],
    ["a missing newest head", "DELETE FROM heads WHERE size = 5", "event 4 "],
    ["an older head's root", "UPDATE heads SET root = zeroblob(32) WHERE size = 2", "event 1 "],
    ["the newest head's root", "UPDATE heads SET root = zeroblob(32) WHERE size = 5", "event 4 "],
    ["the newest head's time", "UPDATE heads SET time_ms = time_ms + 1 WHERE size = 5", "event 4 "],
    ["the newest head's signature", "UPDATE heads SET signature = zeroblob(64) WHERE size = 5", "event 4 "],
    ["tables of another format", "PRAGMA user_version = 2", "format 2"],
  ])("%s", async (_, sql, named) => {
    const path = await written();
    await tamper(path, (database) => database.exec(sql));
    const refused = { code: "JOURNAL_CORRUPT", message: expect.stringContaining(named) };
    await expect(open(path)).rejects.toMatchObject(refused);
    // the refusal has let go of the file
    await expect(open(path)).rejects.toMatchObject(refused);
  });

  test("another log key's journal", async () => {
    const path = await written();
    const logKey = coordinatorSigningKey(new Uint8Array(32).fill(9));
    await expect(openSqliteJournal({ ...journalSettings, logKey, path })).rejects.toMatchObject({
      code: "JOURNAL_CORRUPT",
    });
  });
});

describe("after a commit that failed", () => {
  test("the journal says so once, refuses everything, and what was acknowledged is there after a reopen", async () => {
    const path = newPath();
    let database: SqliteDriver | undefined;
    const told: FederationError[] = [];
    const journal = await openSqliteJournal({
      ...journalSettings,
      path,
      onFailure: (error) => told.push(error),
      open: async (path) => {
        database = await openSqlite(path);
        return database;
      },
    });
    await journal.append([numbered(0)]);
    // the file may not grow any more: what SQLite says of a full disk
    database?.exec("PRAGMA max_page_count = 1");

    const large = { ...numbered(1), sealed: { note: "x".repeat(100_000) } };
    const results = await Promise.allSettled([journal.append([large]), journal.append([numbered(2)])]);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "STORAGE_FAILED" } });
    }
    await expect(journal.append([numbered(3)])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(journal.size).toBe(1);
    journal.close();
    expect(told).toMatchObject([{ code: "STORAGE_FAILED" }]);

    const again = await open(path);
    expect(again.read(0, 10).map(({ event }) => event)).toEqual([numbered(0).event]);
    again.close();
  });
});

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Another process that appends numbered events for ever, saying each index once it is durable. */
const WRITER = `
  const { openSqliteJournal } = await import(${here("./sqlite-journal.ts")});
  const { coordinatorSigningKey } = await import(${here("../../core/crypto/sign.ts")});
  const [path, origin, seed] = process.argv.slice(1);
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const logKey = coordinatorSigningKey(Buffer.from(seed, "hex"));
  const journal = await openSqliteJournal({ path, origin, logKey, clock });
  for (let n = journal.size; ; n++) {
    const event = { type: "ClientRevoked", clientId: "00".repeat(16), reason: "reason " + n, atMs: n };
    await journal.append([{ event, key: "key " + n }]);
    process.stdout.write(n + "\\n");
  }
`;

const SEED = "5e".repeat(32);
const childSettings = { ...journalSettings, logKey: coordinatorSigningKey(Buffer.from(SEED, "hex")) };

function startWriter(path: string): ChildProcess {
  const script = ["--import", "tsx", "--input-type=module", "-e", WRITER, path, journalSettings.origin, SEED];
  return spawn(process.execPath, script, { stdio: ["ignore", "pipe", "pipe"] });
}

describe("another process", () => {
  test("holds the folder until kill -9, and every event it acknowledged is there afterwards", async () => {
    const path = newPath();
    for (const enough of [20, 100]) {
      const writer = startWriter(path);
      const exited = once(writer, "close");
      const errors: Buffer[] = [];
      writer.stderr?.on("data", (data: Buffer) => errors.push(data));

      let acknowledged = -1;
      let refused: unknown;
      for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
        refused ??= await openSqliteJournal({ ...childSettings, path }).catch((error: unknown) => error);
        acknowledged = Number(line);
        if (acknowledged === enough) writer.kill("SIGKILL");
      }
      await exited;
      expect(Buffer.concat(errors).toString()).toBe("");
      expect(refused).toMatchObject({ code: "FOLDER_LOCKED" });
      expect(acknowledged).toBeGreaterThanOrEqual(enough);

      const journal = await openSqliteJournal({ ...childSettings, path });
      expect(journal.size).toBeGreaterThan(acknowledged);
      for (const { index, event } of journal.read(0, journal.size)) expect(event).toMatchObject({ atMs: index });
      expect(journal.find(`key ${acknowledged}`)?.index).toBe(acknowledged);
      journal.close();
    }
  });

  test("is still kept out after a second opener of this process was refused", async () => {
    const path = newPath();
    const journal = await openSqliteJournal({ ...childSettings, path });
    await expect(openSqliteJournal({ ...childSettings, path })).rejects.toMatchObject({ code: "FOLDER_LOCKED" });
    const writer = startWriter(path);
    const errors: Buffer[] = [];
    writer.stderr?.on("data", (data: Buffer) => errors.push(data));
    writer.stdout?.on("data", () => writer.kill("SIGKILL"));
    await once(writer, "close");
    expect(Buffer.concat(errors).toString()).toContain("FOLDER_LOCKED");
    journal.close();
  });
});
