import type { Worker } from "node:worker_threads";
import type { DataFiles } from "../data/data-files.ts";
import { type ErrorCode, FederationError } from "../errors.ts";
import type { LocalTraining, Plan } from "../plan.ts";
import { startThread, threadProgram } from "../threads.ts";

/** A plan's local steps over a dataset of this machine. Plain data, for a thread. */
export type Training = DataFiles & {
  readonly model: Plan["model"];
  /** The bytes of model.json, for a plan whose model is `layers`. */
  readonly topology: Uint8Array | undefined;
  readonly local: LocalTraining;
  /** 32 bytes that fix the order of the examples. */
  readonly batchSeed: Uint8Array;
  /** d values in schema order. */
  readonly base: Float32Array;
};

export type TrainingReply =
  | { readonly delta: Float32Array<ArrayBuffer> }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } };

/**
 * Trains in a thread of its own, which ends with it. On one backend the same training gives the same bits.
 * @returns d values, trained weights minus base weights
 * @throws TRAINER_FAILED when the thread dies or is stopped, DATA_FILE_INVALID, FILE_MISSING, MODEL_FILE_INVALID,
 *   SCHEMA_MISMATCH, BACKEND_UNAVAILABLE
 */
export async function trainInThread(training: Training, signal: AbortSignal): Promise<Float32Array> {
  signal.throwIfAborted();
  const worker = startThread(threadProgram("training-worker", import.meta.url), training);
  const stop = () => void worker.terminate();
  signal.addEventListener("abort", stop);
  try {
    const reply = await replyOf(worker);
    if ("failure" in reply) throw new FederationError(reply.failure.code, reply.failure.message);
    return reply.delta;
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

function replyOf(worker: Worker): Promise<TrainingReply> {
  const failed = (reason: string) => new FederationError("TRAINER_FAILED", reason);
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", (error) => reject(failed(`the training thread failed: ${String(error)}`)));
    worker.once("exit", (code) => reject(failed(`the training thread ended (exit code ${code})`)));
  });
}
