import { FederationError } from "../../../core/errors.ts";
import { lastData } from "../../data/last-data.ts";
import { runCell } from "../job/run-cell.ts";
import type { TrainingThreads } from "../training/training.ts";
import { TrainingThreadDied, trainingThreads } from "../training/training-threads.ts";
import type { CellReply, CellRequest } from "./threads.ts";

/**
 * Runs cells, one at a time; data that the next one wants too stay open, and so do the threads that train.
 * @param start a test passes its own
 */
export function answeringCells(
  onRound: (round: number) => void,
  start: (numThreads: number) => TrainingThreads = trainingThreads,
): (request: CellRequest) => Promise<CellReply> {
  const dataOf = lastData();
  let threads: TrainingThreads | undefined;

  /** @throws TrainingThreadDied: what dies of the machine is to take the thread of the cell along, which is then run once more */
  return async ({ cell, transport, baseFolder, scratchFolder, numTraining }) => {
    try {
      if (numTraining > 0) threads ??= start(numTraining);
      const data = await dataOf(cell.data, baseFolder);
      const now = () => performance.now();
      const around = { data, transport, baseFolder, scratchFolder, trainingThreads: threads, now, progress: onRound };
      return { type: "done", result: await runCell(cell, around) };
    } catch (error) {
      if (error instanceof TrainingThreadDied) throw error;
      return { type: "failed", reason: reasonOf(error) };
    }
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof FederationError ? error.code : "INTERNAL";
  return `${code}: ${error instanceof Error ? error.message : String(error)}`;
}
