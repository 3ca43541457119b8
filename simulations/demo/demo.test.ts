import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { demo, type Stage } from "./demo.ts";
import type { TypedOptions } from "./options.ts";
import type { DemoResult } from "./result.ts";

const SMALL: TypedOptions = {
  clients: "3",
  attackers: "1",
  attack: "SignFlipping:scale=20",
  rules: "FedAvg,Median",
  rounds: "2",
  partition: "iid",
  seed: "3",
  model: "softmax",
  color: true,
  keep: false,
};

let cwd: string;
let temporary: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "holdfast-test-"));
  temporary = join(cwd, "temporary");
  await mkdir(temporary);
});
afterEach(() => rm(cwd, { recursive: true }));

/** A stage that keeps what is printed, and calls back with each piece of it. */
function stageOf(signal: AbortSignal, onText: (text: string) => void = () => undefined) {
  const printed: string[] = [];
  const stdout = {
    isTTY: false,
    write: (text: string) => {
      printed.push(text);
      onText(text);
    },
  } as unknown as Stage["stdout"];
  const stage: Stage = { stdout, cwd, temporary, env: {}, signal };
  return { stage, text: () => printed.join("") };
}

test("a federation of processes, attacked: the mean breaks, the median holds, and the figures are written", async () => {
  const { stage, text } = stageOf(new AbortController().signal);
  await demo({ ...SMALL, json: "copy.json" }, stage);

  const result: DemoResult = JSON.parse(await readFile(join(cwd, "holdfast-demo", "result.json"), "utf8"));
  expect(result).toMatchObject({ dataset: "MNIST", clients: 3, attackers: 1, attack: SMALL.attack, seed: 3 });
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
  expect(text()).toMatch(/FedAvg {2}round 1\/2 {2}accuracy 0\.\d{3} {2}admitted {2}3\/3/);
  expect(text()).toContain("3 clients enrolled and connected");
  expect(await readdir(temporary)).toEqual([]);
}, 90_000);

test("told to stop, it ends every process and leaves nothing behind", async () => {
  const stop = new AbortController();
  const { stage } = stageOf(stop.signal, (text) => {
    if (text.includes("coordinator listening")) stop.abort(new Error("enough"));
  });
  await expect(demo(SMALL, stage)).rejects.toThrow("enough");
  expect(await readdir(temporary)).toEqual([]);
}, 60_000);

test("what cannot be run is refused before anything is started", async () => {
  const { stage, text } = stageOf(new AbortController().signal);
  await expect(demo({ ...SMALL, rules: "NNM+TrimmedMean", attackers: "2" }, stage)).rejects.toMatchObject({
    code: "INFEASIBLE_RULE",
  });
  expect(text()).toBe("");
});
