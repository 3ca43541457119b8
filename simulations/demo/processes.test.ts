import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Processes, type ProcessSettings, processes } from "./processes.ts";

let folder: string;
let started: Processes;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-processes-"));
  started = processes({ NODE_NO_WARNINGS: "1" }, 300);
});
afterEach(async () => {
  await started.stopAll();
  await rm(folder, { recursive: true });
});

function child(role: string, onLine?: (line: string) => void): ProcessSettings {
  const logPath = join(folder, `${role}.log`);
  const module = "tests/fixtures/child";
  return { name: role, module, args: role.split(" "), logPath, ...(onLine !== undefined && { onLine }) };
}

/** Starts one and resolves, once it runs, with the pid in the line that begins with `word`. */
function pidOf(role: string, word = "pid"): Promise<number> {
  return new Promise((resolve) => {
    const pids = new Map<string, number>();
    started.start(
      child(role, (line) => {
        const [name = "", pid = ""] = line.split(" ");
        pids.set(name, Number(pid));
        if (pids.has("pid")) resolve(pids.get(word) as number);
      }),
    );
  });
}

/** Orphans that ended still have a pid until the machine's init process takes note of it. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("those that obey and those that do not are gone when stopAll resolves, and so is what they started", async () => {
  const pids = await Promise.all([pidOf("obedient"), pidOf("stubborn"), pidOf("parent", "grandchild")]);
  expect(pids.map(runs)).toEqual([true, true, true]);
  await started.stopAll();
  expect(started.failed.aborted).toBe(false);
  await expect.poll(() => pids.map(runs)).toEqual([false, false, false]);
});

test("a process that ends by itself is reported with the tail of its log", async () => {
  const reported = new Promise((resolve) => started.failed.addEventListener("abort", resolve));
  started.start(child("exits 3"));
  await reported;
  const { message } = started.failed.reason as Error;
  expect(message).toContain("exits 3 ended with exit code 3");
  expect(message).toContain("  | the last words");
});

test("a process run to its end resolves when it ends well, and rejects with its log when it does not", async () => {
  await started.run(child("exits 0"));
  expect(await readFile(join(folder, "exits 0.log"), "utf8")).toContain("the last words");
  await expect(started.run(child("exits 1"))).rejects.toThrow(/exit code 1[\s\S]*the last words/);
});

test.skipIf(process.platform === "win32")("what is killed without warning takes its processes along", async () => {
  const source = `
    import { processes } from ${JSON.stringify(new URL("./processes.ts", import.meta.url).href)};
    const logPath = ${JSON.stringify(join(folder, "orphan.log"))};
    const onLine = (line) => process.stdout.write(line + "\\n");
    processes().start({ name: "it", module: "tests/fixtures/child", args: ["obedient"], logPath, onLine });
  `;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [, pid = ""] = await new Promise<string[]>((resolve) => {
    createInterface(parent.stdout).once("line", (line) => resolve(line.split(" ")));
  });
  expect(runs(Number(pid))).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => runs(Number(pid))).toBe(false);
});
