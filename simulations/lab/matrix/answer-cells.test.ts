import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { openData } from "../../data/settings.ts";
import { sharesOf } from "../job/shares.ts";
import { smallCell } from "../testing.ts";
import type { Training } from "../training/training.ts";
import { trainingHere } from "../training/training-here.ts";
import { TrainingThreadDied } from "../training/training-threads.ts";
import { answeringCells } from "./answer-cells.ts";

const cell = smallCell({ rounds: 2 });
const request = { cell, transport: "memory", baseFolder: ".", scratchFolder: tmpdir(), numTraining: 0 } as const;

test("threads train where there are some to, the same ones for every cell", async () => {
  const started: number[] = [];
  let opened = 0;
  const open = async (): Promise<Training> => {
    opened += 1;
    const { train } = await openData(cell.data, ".");
    return trainingHere(cell, { train, shares: sharesOf(cell, train) }, () => performance.now());
  };
  const rounds: number[] = [];
  const answer = answeringCells(
    (round) => rounds.push(round),
    (numThreads) => {
      started.push(numThreads);
      return { open, stop: async () => undefined };
    },
  );
  expect(await answer(request)).toMatchObject({ type: "done", result: { outcome: "completed" } });
  expect([started, opened]).toEqual([[], 0]);
  for (let i = 0; i < 2; i++) {
    expect(await answer({ ...request, numTraining: 2 })).toMatchObject({ type: "done" });
  }
  expect([started, opened]).toEqual([[2], 2]);
  expect(rounds).toEqual([1, 2, 1, 2, 1, 2]);
});

test("what fails is told; a training thread that died takes this one along", async () => {
  const missing = { name: "csv", train: "nowhere.csv", columns: "nowhere.yaml", heldOut: 0.2 } as const;
  const answer = answeringCells(
    () => undefined,
    () => ({ open: () => Promise.reject(new TrainingThreadDied("out of memory")), stop: async () => undefined }),
  );
  const reply = await answer({ ...request, cell: { ...cell, data: missing } });
  expect(reply).toMatchObject({ type: "failed", reason: expect.stringContaining("FILE_MISSING") });
  await expect(answer({ ...request, numTraining: 1 })).rejects.toThrow(TrainingThreadDied);
});
