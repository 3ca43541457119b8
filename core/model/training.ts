import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import type { DataFiles } from "../data/data-files.ts";
import { type ErrorCode, FederationError } from "../errors.ts";
import type { LocalTraining, Plan } from "../plan.ts";
import { startThread, threadProgram } from "../threads.ts";

/** A plan's local steps over a dataset of this machine. Plain data, for a thread. */
export interface Training {
  readonly files: DataFiles;
  readonly model: Plan["model"];
  /** The bytes of model.json, for a plan whose model is `layers`. */
  readonly topology: Uint8Array | undefined;
  readonly local: LocalTraining;
  /** 32 bytes that fix the order of the examples. */
  readonly batchSeed: Uint8Array;
  /** d values in schema order. */
  readonly base: Float32Array;
}

export type TrainingReply =
  | { readonly delta: Float32Array<ArrayBuffer> }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } };

/** Trains one thing after another in a thread of its own, which keeps its backend and its dataset until it is closed. */
export interface TrainingThread {
  /**
   * On one backend the same training gives the same bits, whatever the thread trained before. One at a time.
   * @returns d values, trained weights minus base weights
   * @throws TRAINER_FAILED when the thread dies or is stopped, DATA_FILE_INVALID, FILE_MISSING, MODEL_FILE_INVALID,
   *   SCHEMA_MISMATCH, BACKEND_UNAVAILABLE
   */
  train(training: Training, signal: AbortSignal): Promise<Float32Array>;
  close(): void;
}

/** The thread starts with the first training, and another one in its place where it died. */
export function trainingThread(): TrainingThread {
  let worker: Worker | undefined;
  const start = () => {
    const started = startThread(threadProgram("training-worker", import.meta.url));
    // whoever waits for a reply hears of it; nobody else has to
    started.on("error", () => undefined);
    started.once("exit", () => {
      if (worker === started) worker = undefined;
    });
    return started;
  };
  const close = () => {
    void worker?.terminate();
    worker = undefined;
  };
  return {
    async train(training, signal) {
      signal.throwIfAborted();
      worker ??= start();
      // it keeps the process alive only while it trains
      worker.ref();
      signal.addEventListener("abort", close);
      try {
        const reply = await replyOf(worker, training);
        if ("failure" in reply) throw new FederationError(reply.failure.code, reply.failure.message);
        return reply.delta;
      } catch (error) {
        close();
        throw error;
      } finally {
        signal.removeEventListener("abort", close);
        worker?.unref();
      }
    },
    close,
  };
}

async function replyOf(worker: Worker, training: Training): Promise<TrainingReply> {
  const over = new AbortController();
  const { signal } = over;
  const failed = (reason: string) => new FederationError("TRAINER_FAILED", `the training thread ${reason}`);
  const ended = async () => {
    const [code] = await once(worker, "exit", { signal });
    throw failed(`ended (exit code ${code})`);
  };
  try {
    worker.postMessage(training);
    const [reply] = await Promise.race([once(worker, "message", { signal }), ended()]);
    return reply;
  } catch (error) {
    throw error instanceof FederationError ? error : failed(`failed: ${String(error)}`);
  } finally {
    over.abort();
  }
}
