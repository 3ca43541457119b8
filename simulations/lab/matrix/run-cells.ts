import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TransportName } from "../federation/wire.ts";
import type { CellResult } from "../job/result.ts";
import { type Cell, cellIdOf } from "../scenario/cell.ts";
import { type CellThread, startCellThread } from "./threads.ts";

export interface CellRun {
  readonly baseFolder: string;
  readonly transport: TransportName;
  /** Run cells; where there are fewer cells, share their training out: a cell's own thread then has little left to do. */
  readonly numThreads: number;
  /** Told of every round of a cell, by the cell's id. */
  readonly onRound: (id: string, round: number) => void;
  /** Told of every result as it comes, before the next cell of its thread begins. */
  readonly onResult: (result: CellResult) => Promise<void>;
  readonly signal: AbortSignal;
  readonly start?: () => CellThread;
}

/** A federation's own thread can keep about so many busy that train for it. */
const MOST_TRAINING = 8;

/** A thread may die of the machine once; a cell that kills two of them would kill a third. */
const MOST_CRASHES = 2;

/**
 * Runs cells on threads, each on one from beginning to end but for its training, so that neither their number nor their
 * speed shows in a result. A cell that fails, and one whose thread died twice, is reported so; the others go on.
 *
 * @throws the signal's reason when it aborts, what onResult throws
 */
export async function runCells(cells: readonly Cell[], run: CellRun): Promise<CellResult[]> {
  run.signal.throwIfAborted();
  const queue = [...cells];
  const results: CellResult[] = [];
  const ended = new AbortController();
  const numLanes = Math.min(run.numThreads, cells.length);
  const numTraining = run.numThreads === numLanes ? 0 : Math.min(MOST_TRAINING, Math.floor(run.numThreads / numLanes));
  const scratchFolder = await mkdtemp(join(tmpdir(), "holdfast-lab-"));
  const until = { ...run, numTraining, scratchFolder, signal: AbortSignal.any([run.signal, ended.signal]) };
  const lanes = Array.from({ length: numLanes }, () => lane(queue, results, until));
  try {
    await Promise.all(lanes);
  } catch (error) {
    ended.abort(error);
    await Promise.allSettled(lanes);
    throw error;
  } finally {
    await rm(scratchFolder, { recursive: true, force: true });
  }
  return results;
}

interface Lane extends CellRun {
  readonly numTraining: number;
  readonly scratchFolder: string;
}

/** One thread's work, on a new thread where one died. */
async function lane(queue: Cell[], results: CellResult[], run: Lane): Promise<void> {
  const { start = startCellThread, signal, onResult } = run;
  let thread: CellThread | undefined;
  const stop = () => void thread?.stop();
  signal.addEventListener("abort", stop);
  try {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      let crashes = 0;
      let result: CellResult | undefined;
      while (result === undefined) {
        thread ??= start();
        result = await attempt(cell, thread, run).catch((error: unknown) => {
          signal.throwIfAborted();
          thread = undefined;
          return ++crashes < MOST_CRASHES ? undefined : failed(cell as Cell, `${messageOf(error)}, twice`);
        });
      }
      results.push(result);
      await onResult(result);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    await thread?.stop();
  }
}

async function attempt(
  cell: Cell,
  thread: CellThread,
  { baseFolder, transport, numTraining, scratchFolder, onRound }: Lane,
): Promise<CellResult> {
  const id = cellIdOf(cell);
  const reply = await thread.run({ cell, transport, baseFolder, scratchFolder, numTraining }, (round) =>
    onRound(id, round),
  );
  return reply.type === "done" ? reply.result : failed(cell, reply.reason);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failed = (cell: Cell, reason: string): CellResult => ({ id: cellIdOf(cell), cell, outcome: "failed", reason });
