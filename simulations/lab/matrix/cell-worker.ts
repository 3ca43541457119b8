import { type MessagePort, parentPort } from "node:worker_threads";
import { FederationError } from "../../../core/errors.ts";
import { lastData } from "../../data/last-data.ts";
import { runCell } from "../job/run-cell.ts";
import type { TrainingThreads } from "../training/training.ts";
import { TrainingThreadDied, trainingThreads } from "../training/training-threads.ts";
import type { CellReply, CellRequest } from "./threads.ts";

/** The thread behind threads.ts: one cell after another. */
function serve(port: MessagePort): void {
  const dataOf = lastData();
  let threads: TrainingThreads | undefined;

  const threadsOf = (wanted: number): TrainingThreads | undefined => {
    if (wanted > 0) threads ??= trainingThreads(wanted);
    return threads;
  };

  const answer = async ({ cell, transport, baseFolder, numTraining }: CellRequest): Promise<CellReply> => {
    try {
      const trainingThreads = threadsOf(numTraining);
      const data = await dataOf(cell.data, baseFolder);
      const progress = (round: number) => port.postMessage({ type: "round", round } satisfies CellReply);
      const now = () => performance.now();
      const surroundings = { data, transport, baseFolder, trainingThreads, now, progress };
      return { type: "done", result: await runCell(cell, surroundings) };
    } catch (error) {
      // what dies of the machine takes this thread along, and the cell is run once more
      if (error instanceof TrainingThreadDied) throw error;
      const code = error instanceof FederationError ? error.code : "INTERNAL";
      return { type: "failed", reason: `${code}: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

  port.on("message", (request: CellRequest) => {
    answer(request)
      .then((reply) => port.postMessage(reply))
      .catch((error: unknown) => {
        // thrown where nobody catches it, it ends this thread
        setImmediate(() => {
          throw error;
        });
      });
  });
}

if (parentPort !== null) serve(parentPort);
