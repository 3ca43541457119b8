import type { Worker } from "node:worker_threads";
import type { DataFiles } from "../data/data-files.ts";
import { type ErrorCode, FederationError } from "../errors.ts";
import type { Plan } from "../plan.ts";
import { startThread, threadProgram } from "../threads.ts";
import type { Evaluation } from "./evaluate.ts";

/** A model, and where the held-out set lies. */
export type EvaluatorSettings = DataFiles & {
  readonly model: Plan["model"];
  /** The bytes of model.json, for a plan whose model is `layers`. */
  readonly topology: Uint8Array | undefined;
};

/** Evaluates models on a held-out set in a thread of its own, so that the coordinator keeps answering. */
export interface Evaluator {
  /**
   * @param weights d values in schema order; they are copied
   * @throws EVALUATION_FAILED when the thread dies (the next call starts a new one), DATA_FILE_INVALID,
   *   FILE_MISSING, MODEL_FILE_INVALID, SCHEMA_MISMATCH, BACKEND_UNAVAILABLE
   */
  evaluate(weights: Float32Array): Promise<Evaluation>;
  /** Stops the thread; evaluations under way are rejected. */
  close(): Promise<void>;
}

export interface EvaluationRequest {
  readonly id: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

export type EvaluationReply =
  | { readonly id: number; readonly evaluation: Evaluation }
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly message: string } };

interface Waiting {
  resolve(evaluation: Evaluation): void;
  reject(error: FederationError): void;
}

/** Nothing runs before the first evaluation. @param spawn starts the thread; a test passes its own */
export function startEvaluator(settings: EvaluatorSettings, spawn = spawnWorker): Evaluator {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  const died = (reason: string) => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new FederationError("EVALUATION_FAILED", reason));
    waiting.clear();
  };

  const start = (): Worker => {
    const started = spawn(settings);
    const ifCurrent = (act: () => void) => () => worker === started && act();
    started.on("message", (reply: EvaluationReply) => {
      settle(waiting.get(reply.id), reply);
      waiting.delete(reply.id);
    });
    started.on("error", (error) => ifCurrent(() => died(`the evaluation thread failed: ${String(error)}`))());
    started.on("exit", (code) => ifCurrent(() => died(`the evaluation thread ended (exit code ${code})`))());
    return started;
  };

  return {
    evaluate: (weights) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        const request: EvaluationRequest = { id: ++lastId, weights: Float32Array.from(weights) };
        waiting.set(request.id, { resolve, reject });
        worker.postMessage(request, [request.weights.buffer]);
      }),
    async close() {
      const stopping = worker;
      died("the evaluator was closed");
      await stopping?.terminate();
    },
  };
}

function settle(waiting: Waiting | undefined, reply: EvaluationReply): void {
  if ("evaluation" in reply) waiting?.resolve(reply.evaluation);
  else waiting?.reject(new FederationError(reply.failure.code, reply.failure.message));
}

const spawnWorker = (settings: EvaluatorSettings) =>
  startThread(threadProgram("evaluator-worker", import.meta.url), settings);
