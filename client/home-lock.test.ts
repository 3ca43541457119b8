import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockFolder } from "./home-lock.ts";
import { temporaryFolder } from "./testing.ts";

/** This test's parent: it runs for as long as the test does. */
const RUNNING = process.ppid;
const LOCKED = { code: "FOLDER_LOCKED" };

async function lockOf(content?: string): Promise<string> {
  const path = join(await temporaryFolder(), "run.lock");
  if (content !== undefined) await writeFile(path, content);
  return path;
}

test("a folder is taken by one process, and free again once it is given back", async () => {
  const path = await lockOf();
  const release = await lockFolder(path);
  expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
  await release();
  await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  await (await lockFolder(path))();
});

test("what another running process holds is refused, with its number and the file", async () => {
  const path = await lockOf(`${RUNNING}\n`);
  await expect(lockFolder(path)).rejects.toMatchObject({ ...LOCKED, message: expect.stringContaining(`${RUNNING}`) });
  await expect(lockFolder(path)).rejects.toMatchObject({ message: expect.stringContaining(path) });
  expect(await readFile(path, "utf8")).toBe(`${RUNNING}\n`);
});

test.each([
  ["of a process that is gone", "2147483646\n"],
  ["of our own number, from before a restart", `${process.pid}\n`],
  ["cut short", ""],
])("a lock %s is taken over", async (_what, content) => {
  const path = await lockOf(content);
  const release = await lockFolder(path);
  expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
  await release();
});
