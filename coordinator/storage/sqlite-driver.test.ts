import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { betterSqlite3, nodeSqlite, openSqlite, type SqliteValue } from "./sqlite-driver.ts";

let folder: string;
let numPaths = 0;
const newPath = () => join(folder, `${numPaths++}.sqlite`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-sqlite-"));
});
afterAll(() => rm(folder, { recursive: true }));

const onThisMachine = [];
for (const library of [nodeSqlite, betterSqlite3])
  if ((await library.load()) !== undefined) onThisMachine.push(library);

test("a machine without any SQLite is told both remedies", async () => {
  const absent = { name: "absent", load: async () => undefined };
  const opening = openSqlite(newPath(), [absent]);
  await expect(opening).rejects.toMatchObject({
    code: "SQLITE_UNAVAILABLE",
    message: expect.stringMatching(/upgrade Node to 22\.13.*npm install better-sqlite3/),
  });
});

test("Node's own SQLite is used wherever it can iterate", async () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const works = major > 22 || (major === 22 && minor >= 13);
  expect((await nodeSqlite.load()) !== undefined).toBe(works && !(major === 23 && minor < 4));
});

describe.each(onThisMachine)("$name", (library) => {
  const open = (path: string) => openSqlite(path, [library]);

  test("gives back what was stored", async () => {
    const database = await open(newPath());
    database.exec("CREATE TABLE t (value ANY) STRICT");
    const values: SqliteValue[] = [null, 2 ** 53 - 1, -1, "Zürich", Uint8Array.of(0, 255, 7)];
    const insert = database.prepare("INSERT INTO t (value) VALUES (?)");
    for (const value of values) insert.run(value);
    const select = database.prepare<{ value: SqliteValue }>("SELECT value FROM t ORDER BY rowid");
    const plain = (row: { value: SqliteValue }) =>
      row.value instanceof Uint8Array ? Uint8Array.from(row.value) : row.value;
    expect(select.all().map(plain)).toEqual(values);
    expect([...select.iterate()].map(plain)).toEqual(values);
    database.close();
  });

  test("syncs every commit and keeps the file to itself", async () => {
    const path = newPath();
    const database = await open(path);
    const pragma = (name: string) => Object.values(database.prepare<object>(`PRAGMA ${name}`).all()[0] ?? {})[0];
    expect(pragma("journal_mode")).toBe("wal");
    expect(pragma("synchronous")).toBe(2);
    expect(pragma("locking_mode")).toBe("exclusive");
    await expect(open(path)).rejects.toMatchObject({ code: "FOLDER_LOCKED" });
    database.close();
    (await open(path)).close();
  });

  test.skipIf(process.platform === "win32")(
    "a new database and the files beside it are their owner's alone",
    async () => {
      const path = newPath();
      const database = await open(path);
      database.exec("CREATE TABLE t (value ANY) STRICT");
      const name = basename(path);
      const made = (await readdir(folder)).filter((other) => other.startsWith(name));
      expect(made).toEqual(expect.arrayContaining([name, `${name}-wal`]));
      for (const file of made) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
      database.close();
    },
  );

  test("a file that is no database is a corrupt journal; a folder that is missing is a failure", async () => {
    const path = newPath();
    await writeFile(path, "not a database, but long enough to be read as the header of one".repeat(20));
    await expect(open(path)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
    await expect(open(join(folder, "nowhere", "journal"))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });
});
