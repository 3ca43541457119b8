import { Piscina } from "piscina";
import type { Trainer, TrainingTask } from "../../../client/index.ts";
import { type ErrorCode, FederationError } from "../../../core/errors.ts";
import { startBackend } from "../../../core/model/backends.ts";
import { poolOptions, threadProgram } from "../../../core/threads.ts";
import { type Cell, cellIdOf } from "../scenario/cell.ts";
import { type Span, TimeCovered } from "./time-covered.ts";
import type { TrainingData, TrainingThreads } from "./training.ts";

/** One local training. Plain data, for a thread. */
export interface Order {
  /** Tells federations apart. */
  readonly federation: string;
  readonly cell: Cell;
  readonly baseFolder: string;
  readonly place: number;
  readonly data: TrainingData;
  readonly task: Omit<TrainingTask, "signal" | "progress">;
  /** One number in shared memory, not 0 once nobody waits for the update any more. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

type Update = Awaited<ReturnType<Trainer["train"]>>;

/** What a thread answers. */
export type Reply = ({ readonly update: Update } | { readonly failure: Failure }) & {
  /** When this thread trained since its last reply, on a clock of all threads. */
  readonly spans: readonly Span[];
};

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A thread that died of the machine: what it trained may go well in another. */
export class TrainingThreadDied extends Error {
  override readonly name = "TrainingThreadDied";
}

/** The next order waits in the thread while it trains, so that between two of them it waits for nobody. */
const ORDERS_PER_THREAD = 2;

const ERROR_WITHIN_MS = 100;

/** They start at once, and end when told to. */
export function trainingThreads(
  numThreads: number,
  worker = threadProgram("training-worker", import.meta.url),
): TrainingThreads {
  const pool = new Piscina<Order, Reply>({
    filename: worker.href,
    name: "train",
    minThreads: numThreads,
    maxThreads: numThreads,
    concurrentTasksPerWorker: ORDERS_PER_THREAD,
    ...poolOptions(worker),
  });
  let first: { readonly cause: unknown } | undefined;
  const waiting = new Set<(cause: unknown) => void>();
  const end = (cause: unknown) => {
    first ??= { cause };
    for (const fail of waiting) fail(first.cause);
    void pool.destroy();
  };
  pool.on("error", end);
  // a thread that ends without an error leaves orders waiting; one that has an error tells it first
  pool.once("workerDestroy", () => setTimeout(end, ERROR_WITHIN_MS, new Error("it ended")));
  const ask = (order: Order): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        reject(new TrainingThreadDied(`a training thread died: ${String(cause)}`, { cause }));
      };
      if (first !== undefined) return fail(first.cause);
      waiting.add(fail);
      pool
        .run(order)
        .then(resolve, end)
        .finally(() => waiting.delete(fail));
    });
  return {
    async open(cell, baseFolder) {
      const { description } = await startBackend();
      const federation = JSON.stringify([cellIdOf(cell), baseFolder]);
      const shared = sharedOnce();
      const time = new TimeCovered();
      const train = async (order: Order): Promise<Update> => {
        time.begin();
        const reply = await ask(order);
        time.end(reply.spans);
        if ("update" in reply) return reply.update;
        throw new FederationError(reply.failure.code, reply.failure.message);
      };
      return {
        trainerOf: async (place, data) => ({
          description,
          train: ({ signal, progress: _, ...task }) =>
            unlessCancelled(signal, (cancelled) => {
              const told = { ...task, baseModel: shared(task.baseModel) };
              return train({ federation, cell, baseFolder, place, data, task: told, cancelled });
            }),
          close: () => Promise.resolve(),
        }),
        get busyMs() {
          return time.ms;
        },
        close: () => undefined,
      };
    },
    stop: () => pool.destroy(),
  };
}

/** Puts vectors where all threads read them; views of one buffer, such as all clients of a round have of its model, once. */
function sharedOnce(): (values: Float32Array) => Float32Array<SharedArrayBuffer> {
  const copies = new WeakMap<
    ArrayBufferLike,
    { readonly from: number; readonly copy: Float32Array<SharedArrayBuffer> }
  >();
  return (values) => {
    const { buffer, byteOffset, byteLength, length } = values;
    const known = copies.get(buffer);
    if (known?.from === byteOffset && known.copy.length === length) return known.copy;
    const copy = new Float32Array(new SharedArrayBuffer(byteLength));
    copy.set(values);
    copies.set(buffer, { from: byteOffset, copy });
    return copy;
  };
}

/** Waits no longer than anybody asks for the work, and tells the thread so. */
async function unlessCancelled<Result>(
  signal: AbortSignal,
  work: (cancelled: Int32Array<SharedArrayBuffer>) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return new Promise((resolve, reject) => {
    const cancel = () => {
      Atomics.store(cancelled, 0, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", cancel);
    work(cancelled)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", cancel));
  });
}
