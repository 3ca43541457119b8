import type { Worker } from "node:worker_threads";
import { startThread, threadProgram } from "../../../core/threads.ts";
import type { TransportName } from "../federation/wire.ts";
import type { CellResult } from "../job/result.ts";
import type { Cell } from "../scenario/cell.ts";

export interface CellRequest {
  readonly cell: Cell;
  readonly transport: TransportName;
  readonly baseFolder: string;
  /** Is deleted when all cells have ended, whatever their threads died of. */
  readonly scratchFolder: string;
  /** Threads that train for the cell, besides its own; 0 leaves the training to that. The same for all of a thread's cells. */
  readonly numTraining: number;
}

export type CellReply =
  | { readonly type: "round"; readonly round: number }
  | { readonly type: "done"; readonly result: CellResult }
  | { readonly type: "failed"; readonly reason: string };

/** A thread that runs cells, one at a time. */
export interface CellThread {
  /**
   * Rejects when the thread dies, which a cell that only fails does not make it do.
   * @param onRound told after every round
   */
  run(request: CellRequest, onRound: (round: number) => void): Promise<Exclude<CellReply, { type: "round" }>>;
  stop(): Promise<void>;
}

/** @param spawn starts the thread; a test passes its own */
export function startCellThread(spawn: () => Worker = spawnWorker): CellThread {
  const worker = spawn();
  // between two cells nobody listens: what ends the thread then shows in the next
  worker.on("error", () => undefined);
  let ended: string | undefined;
  worker.once("exit", (code) => {
    ended = `the thread ended (exit code ${code})`;
  });
  return {
    run: (request, onRound) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(new Error(ended));
        const hear = (reply: CellReply) => {
          if (reply.type === "round") return onRound(reply.round);
          leave();
          resolve(reply);
        };
        const died = (cause: unknown) => {
          leave();
          reject(new Error(`the thread died: ${typeof cause === "number" ? `exit code ${cause}` : String(cause)}`));
        };
        const leave = () => worker.off("message", hear).off("error", died).off("exit", died);
        worker.on("message", hear).on("error", died).on("exit", died);
        worker.postMessage(request);
      }),
    stop: async () => void (await worker.terminate()),
  };
}

function spawnWorker(): Worker {
  return startThread(threadProgram("cell-worker", import.meta.url));
}
