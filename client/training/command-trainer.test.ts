import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JobId } from "../../core/ids.ts";
import { planSchema } from "../../core/plan.ts";
import { commandTrainer } from "./command-trainer.ts";
import { words } from "./run-program.ts";
import type { Trainer, TrainingTask } from "./trainer.ts";

/** Reads and writes safetensors as another language would: by hand. */
const PRELUDE = `
  import { readFileSync, writeFileSync } from "node:fs";
  import { spawn } from "node:child_process";
  const { HOLDFAST_TASK, HOLDFAST_BASE_MODEL, HOLDFAST_RESULT, HOLDFAST_METRICS } = process.env;
  const task = JSON.parse(readFileSync(HOLDFAST_TASK, "utf8"));
  const file = readFileSync(HOLDFAST_BASE_MODEL);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start));
  const base = (name) => {
    const [from, to] = header[name].data_offsets;
    return Array.from({ length: (to - from) / 4 }, (_, i) => file.readFloatLE(start + from + 4 * i));
  };
  function write(tensors) {
    const entries = {};
    let offset = 0;
    for (const [name, { shape, values }] of Object.entries(tensors)) {
      entries[name] = { dtype: "F32", shape, data_offsets: [offset, (offset += 4 * values.length)] };
    }
    const head = Buffer.from(JSON.stringify(entries));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(head.length));
    const all = Float32Array.from(Object.values(tensors).flatMap((it) => it.values));
    writeFileSync(HOLDFAST_RESULT, Buffer.concat([size, head, Buffer.from(all.buffer)]));
  }
  const report = (metrics) => writeFileSync(HOLDFAST_METRICS, JSON.stringify(metrics));
  const W = { shape: [2, 2], values: [10, 20, 30, 40] };
  const b = { shape: [2], values: [5, 6] };
`;
const GOOD = `write({ W, b }); report({ numExamples: 600, metrics: { loss: 0.25 } });`;

let folder: string;
let workFolder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast command trainer "));
});
beforeEach(async () => {
  workFolder = await mkdtemp(join(folder, "work-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function programOf(body: string, timeoutMs = 20_000): Promise<Trainer> {
  const script = join(workFolder, "program.mjs");
  await writeFile(script, PRELUDE + body);
  return commandTrainer({ command: `"${process.execPath}" '${script}' "an argument"`, workFolder, timeoutMs });
}

function taskOf(changes: Partial<TrainingTask> = {}, privacy: unknown = { mode: "none" }): TrainingTask {
  const plan = planSchema.parse({
    job: "test",
    model: { builtin: "softmax", inputs: 2, classes: 2 },
    rounds: 3,
    round: { quorum: 1, minUpdates: 1 },
    aggregation: { rule: { name: "FedAvg" }, numByzantine: 0 },
    privacy,
  });
  return {
    jobId: "0".repeat(32) as JobId,
    round: 3,
    attempt: 2,
    plan,
    topology: undefined,
    schema: [
      { name: "W", shape: [2, 2] },
      { name: "b", shape: [2] },
    ],
    baseModel: Float32Array.of(1, 2, 3, 4, 5, 6),
    batchSeed: new Uint8Array(32).fill(0xab),
    signal: new AbortController().signal,
    ...changes,
  };
}

const leftovers = async () => (await readdir(workFolder)).filter((it) => it.startsWith("round-"));

async function failure(trainer: Trainer, task = taskOf()): Promise<string> {
  const error = await trainer.train(task).then(
    () => undefined,
    (it: unknown) => it,
  );
  expect(error).toMatchObject({ code: "TRAINER_FAILED" });
  expect(await leftovers()).toEqual([]);
  return (error as Error).message;
}

describe("a program that trains", () => {
  test("its weights minus the base model are the update; nothing is left on disk", async () => {
    const trainer = await programOf(GOOD);
    expect(await trainer.train(taskOf())).toEqual({
      delta: Float32Array.of(9, 18, 27, 36, 0, 0),
      numExamples: 600,
      metrics: { loss: 0.25 },
    });
    expect(await leftovers()).toEqual([]);
  });

  test("tensors are matched by name, whatever order the program's library writes", async () => {
    const trainer = await programOf(GOOD.replace("{ W, b }", "{ b, W }"));
    expect((await trainer.train(taskOf())).delta).toEqual(Float32Array.of(9, 18, 27, 36, 0, 0));
  });

  test("example-level privacy: it is told the mechanism, and what it says it ran is what the client attests", async () => {
    const example = { mode: "example", clipNorm: 1, noiseMultiplier: 2, sampleRate: 0.5, delta: 1e-5, maxEpsilon: 10 };
    const mechanism = { clipNorm: 1, noiseMultiplier: 2, sampleRate: 0.5, steps: 20 };
    const told = GOOD.replace("metrics:", "examplePrivacy: task.examplePrivacy, metrics:");
    expect(await (await programOf(told)).train(taskOf({}, example))).toMatchObject({
      numExamples: 0,
      examplePrivacy: mechanism,
    });
    expect(await (await programOf(GOOD)).train(taskOf({}, example))).not.toHaveProperty("examplePrivacy");
    const unsupported = { code: "PRIVACY_UNSUPPORTED" };
    // one in its 600 examples is less
    await expect((await programOf(told)).train(taskOf({}, { ...example, delta: 0.01 }))).rejects.toMatchObject(
      unsupported,
    );
    const uncounted = told.replace("numExamples: 600", "numExamples: 0");
    await expect((await programOf(uncounted)).train(taskOf({}, example))).rejects.toMatchObject(unsupported);
    expect(await (await programOf(told)).train(taskOf())).not.toHaveProperty("examplePrivacy");
  });

  test("it finds the task, the base model and its own arguments", async () => {
    const seen = join(workFolder, "seen.json");
    const look = `writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ task, W: base("W"), b: base("b"), argument: process.argv[2] }));`;
    await (await programOf(look + GOOD)).train(taskOf());
    expect(JSON.parse(await readFile(seen, "utf8"))).toEqual({
      task: {
        round: 3,
        attempt: 2,
        model: { builtin: "softmax", inputs: 2, classes: 2, bias: true },
        local: { steps: 20, batchSize: 32, learningRate: 0.05, momentum: 0 },
        schema: taskOf().schema,
        batchSeed: "ab".repeat(32),
      },
      W: [1, 2, 3, 4],
      b: [5, 6],
      argument: "an argument",
    });
  });

  test("under central differential privacy the number of examples is not told", async () => {
    const central = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10 };
    expect((await (await programOf(GOOD)).train(taskOf({}, central))).numExamples).toBe(0);
  });

  test("a NaN is delivered: admission judges values, not the client", async () => {
    const { delta } = await (await programOf(GOOD.replace("{ W,", "{ W: { ...W, values: [NaN, 0, 0, 0] },"))).train(
      taskOf(),
    );
    expect([...delta.subarray(0, 2)]).toEqual([Number.NaN, -2]);
  });
});

describe("a program that fails", () => {
  const cases: [string, string, string | RegExp][] = [
    ["exits with an error", `console.error("no GPU"); process.exitCode = 3;`, /ended with exit code 3\nno GPU$/],
    ["is killed", `process.kill(process.pid, "SIGKILL");`, "ended with SIGKILL"],
    ["writes no result", `report({ numExamples: 1 });`, "result.safetensors"],
    ["writes no metrics", `write({ W, b });`, "wrote no metrics file"],
    ["writes metrics that are not JSON", `write({ W, b }); writeFileSync(HOLDFAST_METRICS, "{");`, "JSON"],
    ["writes metrics of another kind", `write({ W, b }); report({ numExamples: -1 });`, "metrics file is not valid"],
    [
      "writes another shape",
      `write({ W: { ...W, shape: [4, 1] }, b }); report({ numExamples: 1 });`,
      "W is of shape [4,1], not [2,2]",
    ],
    ["writes another name", `write({ W, c: b }); report({ numExamples: 1 });`, "b is missing"],
    ["writes a tensor too many", `write({ W, b, c: b }); report({ numExamples: 1 });`, "3 tensors, the model 2"],
    ["writes no safetensors", `writeFileSync(HOLDFAST_RESULT, "PK"); report({ numExamples: 1 });`, ""],
  ];
  test.each(cases)("%s", async (_, body, reason) => {
    expect(await failure(await programOf(body))).toMatch(reason);
  });

  test("prints without end: only the end of it is kept", async () => {
    const body = `process.stderr.write("x".repeat(1e6) + "the end", () => process.exit(1));`;
    const message = await failure(await programOf(body));
    expect(message.endsWith("the end")).toBe(true);
    expect(message.length).toBeLessThan(5000);
  });

  test("does not exist", async () => {
    const trainer = commandTrainer({ command: "holdfast-no-such-program --x", workFolder, timeoutMs: 5000 });
    expect(await failure(trainer)).toMatch("ENOENT");
    expect(await failure(commandTrainer({ command: "  ", workFolder, timeoutMs: 5000 }))).toMatch("empty");
  });
});

describe("a program that never ends", () => {
  /** Starts a child that ignores SIGTERM; both beat as long as they live. */
  const beat = (path: string) =>
    `process.on("SIGTERM", () => {}); setInterval(() => require("node:fs").appendFileSync(${JSON.stringify(path)}, "."), 20);`;
  const family = (path: string) =>
    `spawn(process.execPath, ["-e", ${JSON.stringify(beat(path))}], { stdio: "inherit" }); setInterval(() => {}, 1000);`;
  const sizeOf = async (path: string) => (await readFile(path).catch(() => Buffer.alloc(0))).length;

  async function expectSilence(path: string): Promise<void> {
    const size = await sizeOf(path);
    await wait(150);
    expect(await sizeOf(path)).toBe(size);
  }

  test("is killed with its children when its time is over", async () => {
    const path = join(workFolder, "beats");
    expect(await failure(await programOf(family(path), 3000))).toMatch("it ran longer than 3000 ms");
    expect(await sizeOf(path)).toBeGreaterThan(0);
    await expectSilence(path);
  });

  test("is killed with its children when the round is cancelled", async () => {
    const path = join(workFolder, "beats");
    const stop = new AbortController();
    const failing = failure(await programOf(family(path)), taskOf({ signal: stop.signal }));
    while ((await sizeOf(path)) === 0) await wait(20);
    stop.abort(new Error("round cancelled"));
    expect(await failing).toMatch("round cancelled");
    await expectSilence(path);
  });

  test("is not started for a round that is cancelled already", async () => {
    const path = join(workFolder, "beats");
    const signal = AbortSignal.abort(new Error("too late"));
    expect(await failure(await programOf(family(path)), taskOf({ signal }))).toMatch("too late");
    expect(await sizeOf(path)).toBe(0);
  });

  test("what a program leaves running ends with it", async () => {
    const path = join(workFolder, "beats");
    const leave = `spawn(process.execPath, ["-e", ${JSON.stringify(beat(path))}], { stdio: "inherit" }).unref();`;
    const untilBeating = `const { existsSync } = await import("node:fs"); while (!existsSync(${JSON.stringify(path)})) await new Promise((r) => setTimeout(r, 10)); process.exit(0);`;
    await (await programOf(GOOD + leave + untilBeating)).train(taskOf());
    await expectSilence(path);
  });
});

test("a command is split at blanks outside quotes", () => {
  expect(words(`python3 train.py`)).toEqual(["python3", "train.py"]);
  expect(words(`  "C:\\Program Files\\py" '--data=a b'  --x="1 2"3 '' "it's"`)).toEqual([
    "C:\\Program Files\\py",
    "--data=a b",
    "--x=1 23",
    "",
    "it's",
  ]);
});
