import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DemoResult } from "../../simulations/demo/result.ts";
import { BUILT, run } from "./federation.ts";

const SMALL = ["--clients", "3", "--attackers", "1", "--attack", "SignFlipping:scale=20", "--rules", "FedAvg,Median"];
const SHORT = ["--rounds", "2", "--partition", "iid", "--seed", "3", "--model", "softmax"];

let cwd: string;
let temporary: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  temporary = join(cwd, "temporary");
  await mkdir(temporary);
});
afterEach(() => rm(cwd, { recursive: true }));

/** Runs the demo to its end; told to stop once it has printed `stopAt`. */
async function demo(flags: readonly string[], stopAt?: string) {
  const env = { ...process.env, TMPDIR: temporary };
  const child = run(BUILT, ["demo", ...SMALL, ...SHORT, ...flags], { cwd, env });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
      if (stopAt === undefined || child.killed || !text.includes(stopAt)) return;
      child.kill("SIGTERM");
    });
  }
  const [code] = await once(child, "close");
  return { code, text };
}

test("a federation of processes, attacked: the mean breaks, the median holds, and the figures are written", async () => {
  const { code, text } = await demo(["--json", "copy.json"]);
  expect([code, text]).toEqual([0, expect.stringContaining("3 clients enrolled and connected")]);
  expect(text).toMatch(/FedAvg {2}round 1\/2 {2}accuracy 0\.\d{3} {2}admitted {2}3\/3/);

  const result: DemoResult = JSON.parse(await readFile(join(cwd, "holdfast-demo", "result.json"), "utf8"));
  const attack = "SignFlipping:scale=20";
  expect(result).toMatchObject({ dataset: "MNIST", clients: 3, attackers: 1, attack, seed: 3 });
  const [mean, median] = result.runs;
  expect([mean?.rule, median?.rule]).toEqual(["FedAvg", "Median"]);
  expect(mean?.finalAccuracy).toBeLessThan(0.5);
  expect(median?.finalAccuracy).toBeGreaterThan(0.7);
  for (const { rounds } of result.runs) {
    expect(rounds.map((it) => [it.round, it.admitted, it.refused, it.epsilon])).toEqual([
      [1, 3, 0, null],
      [2, 3, 0, null],
    ]);
  }
  expect(JSON.parse(await readFile(join(cwd, "copy.json"), "utf8"))).toEqual(result);
  expect(await readFile(join(cwd, "holdfast-demo", "report.html"), "utf8")).toContain("<svg");
  expect(await readdir(temporary)).toEqual([]);
});

test("told to stop, it ends every process and leaves nothing behind", async () => {
  const { code, text } = await demo([], "coordinator listening");
  expect([code, text]).toEqual([143, expect.stringContaining("stopped by SIGTERM; nothing is left running")]);
  expect(await readdir(temporary)).toEqual([]);
});
