import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TrainingTask, tfjsTrainer } from "../../../client/index.ts";
import { type Dataset, subset } from "../../../core/data/dataset.ts";
import { builtinSchema, initialWeights } from "../../../core/model/builtin.ts";
import { attackOf, parseAttack } from "../../attacks/registry.ts";
import { taskOf } from "../../attacks/testing.ts";
import { dataSchema, openData } from "../../data/settings.ts";
import type { CellRun } from "../job/result.ts";
import { withoutRoot } from "../job/root-dataset.ts";
import { runCell } from "../job/run-cell.ts";
import { sharesOf } from "../job/shares.ts";
import type { Cell } from "../scenario/cell.ts";
import { smallCell } from "../testing.ts";
import type { Training, TrainingThreads } from "./training.ts";
import { trainingHere } from "./training-here.ts";
import { TrainingThreadDied, trainingThreads } from "./training-threads.ts";

const cell = smallCell({ attack: parseAttack("LabelFlipping"), attackers: 2, rootDataset: { examples: 30 } });
const model = { builtin: "softmax", inputs: 8, classes: 3, bias: true } as const;

/** A task of the small cell's model. */
function localTask(changes: Partial<TrainingTask> = {}, steps = 5): TrainingTask {
  const local = { steps, batchSize: 8, learningRate: 0.2, momentum: 0.5 };
  const [schema, baseModel] = [builtinSchema(model), initialWeights(model, 1)];
  return taskOf({ schema, baseModel, topology: undefined, ...changes }, { model, local });
}

async function here(of: Cell): Promise<Training> {
  const { data } = withoutRoot(of, await openData(of.data, "."));
  return trainingHere(of, { train: data.train, shares: sharesOf(of, data.train) }, () => performance.now());
}

let threads: TrainingThreads;
beforeAll(() => {
  threads = trainingThreads(2);
});
afterAll(() => threads.stop());

test("they train what this thread trains, for every member, on its data and on what an attack makes of them", async () => {
  const task = localTask();
  const told: number[][] = [];
  for (const of of [cell, smallCell({ ...cell, seed: 5 })]) {
    const [beside, inThisThread] = [await threads.open(of, "."), await here(of)];
    for (const [place, data] of [
      [0, "own"],
      [4, "own"],
      [4, "poisoned"],
      [5, "poisoned"],
    ] as const) {
      const [trainer, expected] = [await beside.trainerOf(place, data), await inThisThread.trainerOf(place, data)];
      const update = await trainer.train(task);
      expect(update).toEqual(await expected.train(task));
      told.push([...update.delta]);
    }
    expect(beside.busyMs).toBeGreaterThan(0);
    inThisThread.close();
  }
  expect(new Set(told.map(String)).size).toBe(8);
  expect(task.baseModel).toEqual(initialWeights(model, 1));
});

test.each(["LabelFlipping", "ALittleIsEnough", "Equivocation"])(
  "a federation under %s has the models of one without them",
  async (name) => {
    const data = await openData(cell.data, ".");
    const around = {
      data,
      baseFolder: ".",
      transport: "memory",
      now: () => performance.now(),
      progress: () => undefined,
    } as const;
    const federation = {
      ...cell,
      attack: parseAttack(name),
      habits: { momentum: 0.5 },
      attackRounds: { from: 2 },
      rounds: 4,
    };
    const alone = await runCell(federation, around);
    const inThreads = await runCell(federation, { ...around, trainingThreads: threads });
    expect(alone).toMatchObject({ outcome: "completed" });
    const { versionsSha256, accuracy, worstClientAccuracy } = alone as CellRun;
    expect(inThreads).toMatchObject({ versionsSha256, accuracy, worstClientAccuracy });
  },
);

test("every vector is trained from, also where several lie in one buffer", async () => {
  const trainer = await (await threads.open(cell, ".")).trainerOf(0, "own");
  const alone = await (await here(cell)).trainerOf(0, "own");
  const { length } = initialWeights(model, 1);
  const both = new Float32Array(2 * length);
  both.set(initialWeights(model, 1));
  both.set(initialWeights(model, 2), length);
  for (const from of [0, length, 0]) {
    const baseModel = both.subarray(from, from + length);
    expect(await trainer.train(localTask({ baseModel }))).toEqual(await alone.train(localTask({ baseModel })));
  }
});

test("each attacker has its own part of what they do together", async () => {
  const images = dataSchema.parse("mnist");
  const attack = parseAttack("DistributedBackdoor:target=0,share=1");
  const of = smallCell({ attack, attackers: 4, clients: 6, data: images, partition: { name: "iid" } });
  const wide = { ...model, inputs: 784, classes: 10 };
  const baseModel = new Float32Array(785 * 10);
  const plan = { model: wide, local: { steps: 1, batchSize: 60, learningRate: 1, momentum: 0 } };
  const task = taskOf({ schema: builtinSchema(wide), baseModel, topology: undefined }, plan);
  const { train } = await openData(images, ".");
  const training = await threads.open(of, ".");
  const shares = sharesOf(of, train);
  for (const place of [2, 3, 5]) {
    const own = subset(train, shares[place] ?? new Uint32Array());
    const stamped = attackOf(attack, { numClients: 6, numAttackers: 4, numClasses: 10 }).dataset?.(
      own,
      place - 2,
    ) as Dataset;
    const expected = await (await tfjsTrainer({ dataset: stamped })).train(task);
    expect((await (await training.trainerOf(place, "poisoned")).train(task)).delta).toEqual(expected.delta);
  }
});

test("time in which both threads train counts once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-training-"));
  const path = join(folder, "telling.mjs");
  const update = "{ delta: new Float32Array(1), numExamples: 1, metrics: {} }";
  await writeFile(path, `export const train = ({ place }) => ({ update: ${update}, spans: [[place, place + 10]] });`);
  const telling = trainingThreads(2, pathToFileURL(path));
  try {
    const training = await telling.open(cell, ".");
    const trainers = await Promise.all([0, 4, 40].map((place) => training.trainerOf(place, "own")));
    await Promise.all(trainers.map((it) => it.train(localTask())));
    expect(training.busyMs).toBe(24);
  } finally {
    await telling.stop();
    await rm(folder, { recursive: true });
  }
});

test("a task that is cancelled is waited for no longer, and ends in its thread too", async () => {
  const single = trainingThreads(1);
  try {
    const trainer = await (await single.open(cell, ".")).trainerOf(0, "own");
    await trainer.train(localTask());
    const [cancel, later] = [new AbortController(), new AbortController()];
    const endless = trainer.train(localTask({ signal: cancel.signal }, 100_000_000));
    setTimeout(() => cancel.abort(new Error("the round is closed")), 50);
    await expect(endless).rejects.toThrow("the round is closed");
    await expect(trainer.train(localTask({ signal: cancel.signal }))).rejects.toThrow("the round is closed");
    const orders = Array.from({ length: 5 }, () => trainer.train(localTask({ signal: later.signal }, 100_000_000)));
    const ended = Promise.allSettled(orders);
    later.abort();
    expect((await ended).every(({ status }) => status === "rejected")).toBe(true);
    // takes its turn after what was cancelled
    expect(await trainer.train(localTask())).toHaveProperty("delta");
  } finally {
    await single.stop();
  }
});

test("what a thread cannot train comes back as what it is", async () => {
  const trainer = await (await threads.open(cell, ".")).trainerOf(0, "own");
  const wider = { ...model, inputs: 9 };
  const task = localTask();
  const misfit = { ...task, plan: { ...task.plan, model: wider }, baseModel: initialWeights(wider, 1) };
  // the network of a federation is that of its first task
  const other = await (await threads.open({ ...cell, seed: 9 }, ".")).trainerOf(0, "own");
  await expect(other.train(misfit)).rejects.toMatchObject({ code: "TRAINER_FAILED" });
  const missing = { name: "csv", train: "nowhere.csv", columns: "nowhere.yaml", heldOut: 0.2 } as const;
  const nowhere = await (await threads.open({ ...cell, data: missing }, ".")).trainerOf(0, "own");
  await expect(nowhere.train(task)).rejects.toMatchObject({ code: "FILE_MISSING" });
  expect(await trainer.train(task)).toHaveProperty("delta");
});

test.each([
  ["dies", "export function train() { process.exit(7); }", "7"],
  ["cannot start", 'throw new Error("torn apart");', "torn apart"],
  ["ends while it starts", "process.exit(7);", /it ended|exited with code: 7/],
])("a thread that %s is told from a training that fails", async (_, program, reason) => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-training-"));
  const path = join(folder, "dying.mjs");
  await writeFile(path, program);
  const dying = trainingThreads(2, pathToFileURL(path));
  try {
    const trainer = await (await dying.open(cell, ".")).trainerOf(0, "own");
    for (let order = 0; order < 2; order++) {
      const training = trainer.train(localTask());
      await expect(training).rejects.toThrow(TrainingThreadDied);
      await expect(training).rejects.toThrow(reason);
    }
  } finally {
    await dying.stop();
    await rm(folder, { recursive: true });
  }
});
