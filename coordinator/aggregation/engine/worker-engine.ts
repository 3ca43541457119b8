import { randomUUID } from "node:crypto";
import { Piscina } from "piscina";
import { type ErrorCode, FederationError } from "../../../core/errors.ts";
import { poolOptions, threadProgram } from "../../../core/threads.ts";
import { type RowMemory, rowIn, rowMemory } from "../../../core/vector/kernels/in-place.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import type { MixedGeometry } from "../mixed-geometry.ts";
import type { Combination } from "../rule.ts";
import {
  type Combining,
  combineHere,
  combiningInThread,
  isWorthMixingInThread,
  mixHere,
  type ToMix,
} from "./combine.ts";
import type { Engine, Room, RowSource } from "./engine.ts";
import { threadsWithPanel } from "./file-panels.ts";
import { inlineExecutor } from "./inline-engine.ts";
import { pieceBlocks } from "./piece-blocks.ts";
import { type Executor, PiecewiseEngine, type Size } from "./piecewise-engine.ts";
import type { Part, Piece } from "./tasks.ts";

/** Row-values below which starting and telling threads costs more than it saves. */
const SMALL_WORK = 2_000_000;
/** A thread takes longer to start than a round to close: between rounds it waits. */
const IDLE_MS = 60_000;

export interface WorkerEngineOptions {
  readonly numThreads: number;
  /** The thread's program; a test passes its own. */
  readonly worker?: URL;
}

/** What a thread can be asked, by the names in its program. */
type Work = "run" | "combine" | "mix";

/** What a thread answers. */
export type Reply<Result> =
  | { readonly result: Result }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } };

/**
 * Works in threads of its own, which start when the first large piece of work comes, stay for a while after the last
 * and never keep the process alive; small work is done in this thread.
 */
export function workerEngine({
  numThreads,
  worker = threadProgram("worker", import.meta.url),
}: WorkerEngineOptions): Engine {
  const inline = inlineExecutor(wasmKernels());
  const threads = new Threads(numThreads, worker);
  const isSmall = ({ numRows, numCoordinates }: Size) => numRows * numCoordinates < SMALL_WORK;
  return new PiecewiseEngine((size) => (isSmall(size) ? inline : threads), {
    combine: (rule, input) => {
      const told = combiningInThread(rule, input);
      return told === undefined ? combineHere(rule, input) : threads.combine(told);
    },
    mix: (geometry, mixing, numUpdates) =>
      isWorthMixingInThread(mixing)
        ? threads.mix({ geometry, mixing, numUpdates })
        : mixHere(geometry, mixing, numUpdates),
    close: () => threads.close(),
  });
}

class Threads implements Executor {
  readonly numAhead: number;
  readonly #numThreads: number;
  readonly #worker: URL;
  /** By how many threads they have: large panels of files are for fewer. */
  readonly #pools = new Map<number, Pool>();
  /**
   * The memory of the room that closed last, one at most: the garbage collector does not see how large such memories are, and
   * those of many rounds would pile up.
   */
  #spare: RowMemory | undefined;
  #isClosed = false;

  constructor(numThreads: number, worker: URL) {
    this.#numThreads = numThreads;
    this.#worker = worker;
    this.numAhead = 2 * numThreads;
  }

  pieceBlocks(numRows: number, numLeft: number): number {
    return pieceBlocks(numRows, numLeft, this.#numThreads);
  }

  prepared(sources: readonly RowSource[]): readonly RowSource[] {
    return sources.map(shared);
  }

  floats(length: number): Float32Array {
    return sharedFloats(length);
  }

  /** In one memory that the threads' kernels read in place, where there can be one. */
  roomFor(numRows: number, numCoordinates: number): Room {
    const memory = this.#takeSpare(numRows, numCoordinates) ?? rowMemory(randomUUID(), numRows, numCoordinates);
    if (memory === undefined) {
      return { row: () => ({ kind: "memory", values: sharedFloats(numCoordinates) }), close: () => undefined };
    }
    return {
      row: (index) => ({ kind: "memory", values: rowIn(memory, index), memory }),
      close: () => {
        this.#spare = memory;
      },
    };
  }

  #takeSpare(numRows: number, numCoordinates: number): RowMemory | undefined {
    const spare = this.#spare;
    if (spare === undefined || spare.numCoordinates !== numCoordinates || spare.numRows < numRows) return undefined;
    this.#spare = undefined;
    return spare;
  }

  run = (piece: Piece): Promise<Part> => {
    return this.#ask<Part>("run", piece, threadsWithPanel(piece, this.#numThreads));
  };

  combine(combining: Combining): Promise<Combination> {
    return this.#ask<Combination>("combine", combining, this.#numThreads);
  }

  mix(toMix: ToMix): Promise<MixedGeometry> {
    return this.#ask<MixedGeometry>("mix", toMix, this.#numThreads);
  }

  async #ask<Result>(what: Work, told: Piece | Combining | ToMix, numThreads: number): Promise<Result> {
    if (this.#isClosed) throw closed();
    const pool = this.#pools.get(numThreads) ?? startPool(numThreads, this.#worker);
    this.#pools.set(numThreads, pool);
    const reply: Reply<Result> = await pool.ask<Result>(what, told).catch(async (cause: unknown) => {
      // what waited for the thread that died would wait for ever
      if (this.#pools.get(numThreads) === pool) this.#pools.delete(numThreads);
      await pool.end(cause);
      throw this.#isClosed ? closed() : pool.failure();
    });
    if ("result" in reply) return reply.result;
    throw new FederationError(reply.failure.code, reply.failure.message);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#spare = undefined;
    await Promise.all([...this.#pools.values()].map((pool) => pool.end("closed")));
  }
}

const closed = () => new FederationError("SHUTTING_DOWN", "the aggregation engine was closed");

/** Threads that live and fail together. */
interface Pool {
  ask<Result>(what: Work, told: Piece | Combining | ToMix): Promise<Reply<Result>>;
  /** Ends the threads and rejects what was under way; the first cause counts. */
  end(cause: unknown): Promise<void>;
  failure(): FederationError;
}

function startPool(numThreads: number, worker: URL): Pool {
  const threads = new Piscina({
    filename: worker.href,
    name: "run",
    minThreads: 0,
    maxThreads: numThreads,
    idleTimeout: IDLE_MS,
    ...poolOptions(worker),
  });
  let first: { readonly cause: unknown } | undefined;
  const end = async (cause: unknown) => {
    if (first !== undefined) return;
    first = { cause };
    await threads.destroy();
  };
  // a thread that could not even start
  threads.on("error", (cause) => void end(cause));
  return {
    ask: (what, told) => threads.run(told, { name: what }),
    end,
    failure: () => {
      const cause = first?.cause;
      return new FederationError("AGGREGATION_FAILED", `an aggregation thread failed: ${String(cause)}`, { cause });
    },
  };
}

/** Told to a thread, memory would be copied with every piece unless threads share it. */
function shared(source: RowSource): RowSource {
  if (source.kind === "scaled") return { ...source, source: shared(source.source) };
  if (source.kind !== "memory" || source.values.buffer instanceof SharedArrayBuffer) return source;
  const values = sharedFloats(source.values.length);
  values.set(source.values);
  return { kind: "memory", values };
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}
