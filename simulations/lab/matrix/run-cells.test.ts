import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openData } from "../../data/settings.ts";
import { type CellResult, hasRun } from "../job/result.ts";
import { runCell } from "../job/run-cell.ts";
import { cellIdOf } from "../scenario/cell.ts";
import { smallCell } from "../testing.ts";
import { countsOf, openFinishedCells } from "./finished-cells.ts";
import { runCells } from "./run-cells.ts";
import { type CellReply, type CellThread, startCellThread } from "./threads.ts";

const cells = [0, 1, 2, 3].map((seed) => smallCell({ seed, rounds: 1 }));
const never = new AbortController().signal;
const quiet = { onRound: () => undefined, onResult: async () => undefined, signal: never };
const run = { baseFolder: ".", transport: "memory", numThreads: 2, ...quiet } as const;

/** A thread that answers as told for each seed, once; a rejection is its death. */
function scripted(answers: Map<number, Promise<CellReply>[]> = new Map()) {
  let started = 0;
  const numTraining: number[] = [];
  const start = (): CellThread => {
    started += 1;
    return {
      run: ({ cell, numTraining: helpers }) => {
        numTraining.push(helpers);
        const next = answers.get(cell.seed)?.shift();
        const result: CellResult = { id: cellIdOf(cell), cell, outcome: "infeasible", reason: "as told" };
        return (next ?? Promise.resolve({ type: "done", result })) as ReturnType<CellThread["run"]>;
      },
      stop: async () => undefined,
    };
  };
  return { start, started: () => started, numTraining };
}

const dying = () => {
  const death = Promise.reject(new Error("out of memory"));
  death.catch(() => undefined);
  return death;
};

test("a cell whose thread dies is run once more on another thread", async () => {
  const { start, started } = scripted(new Map([[1, [dying()]]]));
  const results = await runCells(cells, { ...run, numThreads: 1, start });
  expect(results.map((it) => it.outcome)).toEqual(["infeasible", "infeasible", "infeasible", "infeasible"]);
  expect(started()).toBe(2);
});

test("one that kills two threads, and one that fails, are reported so; the others finish", async () => {
  const failing = Promise.resolve({ type: "failed", reason: "TRAINER_FAILED: no" } as const);
  const { start } = scripted(
    new Map([
      [1, [dying(), dying()]],
      [2, [failing]],
    ]),
  );
  const results = await runCells(cells, { ...run, start });
  const bySeed = results.toSorted((a, b) => a.cell.seed - b.cell.seed);
  expect(bySeed.map((it) => it.outcome)).toEqual(["infeasible", "failed", "failed", "infeasible"]);
  expect(bySeed[1]).toMatchObject({ reason: "out of memory, twice" });
  expect(bySeed[2]).toMatchObject({ reason: "TRAINER_FAILED: no" });
});

test("what cells left on disk is gone when they have ended, also where threads were stopped in the middle", async () => {
  const stop = new AbortController();
  let scratch = "";
  const start = (): CellThread => ({
    run: async ({ scratchFolder }) => {
      scratch = scratchFolder;
      await writeFile(join(scratchFolder, "left over"), "");
      stop.abort(new Error("Ctrl-C"));
      throw new Error("terminated");
    },
    stop: async () => undefined,
  });
  await expect(runCells(cells, { ...run, start, signal: stop.signal })).rejects.toThrow("Ctrl-C");
  await expect(access(scratch)).rejects.toThrow("ENOENT");
});

test("where threads outnumber cells they train for these, as many for each, and no more than a cell has use for", async () => {
  const helpersOf = async (numCells: number, numThreads: number) => {
    const { start, numTraining } = scripted();
    await runCells(cells.slice(0, numCells), { ...run, numThreads, start });
    return numTraining;
  };
  expect(await helpersOf(4, 2)).toEqual([0, 0, 0, 0]);
  expect(await helpersOf(2, 2)).toEqual([0, 0]);
  expect(await helpersOf(2, 3)).toEqual([1, 1]);
  expect(await helpersOf(2, 6)).toEqual([3, 3]);
  expect(await helpersOf(1, 2)).toEqual([2]);
  expect(await helpersOf(1, 64)).toEqual([8]);
});

test("two real threads give what this thread gives", async () => {
  const some = cells.slice(0, 3);
  const digests = (results: readonly CellResult[]) =>
    new Map(results.map((it) => [it.id, hasRun(it) ? it.versionsSha256 : it.reason]));
  const expected: CellResult[] = [];
  for (const cell of some) {
    const data = await openData(cell.data, ".");
    const around = { transport: "memory", baseFolder: ".", now: () => 0, progress: () => undefined } as const;
    expected.push(await runCell(cell, { ...around, data }));
  }
  expect(new Set(digests(expected).values()).size).toBe(3);
  expect(digests(await runCells(some, run))).toEqual(digests(expected));
});

test("a thread that ends between two cells is noticed by the next", async () => {
  const thread = startCellThread();
  await thread.stop();
  await expect(
    thread.run(
      { cell: smallCell(), transport: "memory", baseFolder: ".", scratchFolder: tmpdir(), numTraining: 0 },
      () => undefined,
    ),
  ).rejects.toThrow("ended");
});

test("finished cells survive a crash in the middle of a line; those of other software, and failed ones, are run again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-cells-"));
  const path = join(folder, "cells.jsonl");
  const result = (seed: number, outcome: "infeasible" | "failed"): CellResult => {
    const cell = smallCell({ seed });
    return { id: cellIdOf(cell), cell, outcome, reason: "told" };
  };
  const first = await openFinishedCells(path, "1");
  await first.add(result(0, "infeasible"));
  await first.add(result(1, "failed"));
  await writeFile(
    path,
    `${await readFile(path, "utf8")}{"software":"1","result":{"id":"of another make","outcome":"completed"}}\n{"software":"1","result":{"id":"cut sh`,
  );
  const second = await openFinishedCells(path, "1");
  expect([...second.results.values()]).toEqual([result(0, "infeasible")]);
  await second.add(result(2, "infeasible"));
  const third = await openFinishedCells(path, "1");
  expect(countsOf([...third.results.values()])).toEqual({ ran: 0, infeasible: 2, failed: 0 });
  expect((await openFinishedCells(path, "2")).results.size).toBe(0);
  await rm(folder, { recursive: true });
});
