import type { JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import type { LocalUpdate } from "../../core/update.ts";

/** What one client is asked to do in one attempt of one round. */
export interface TrainingTask {
  readonly jobId: JobId;
  readonly round: number;
  readonly attempt: number;
  readonly plan: Plan;
  /** TF.js Layers model.json, for a plan whose model is `layers`. */
  readonly topology: Uint8Array | undefined;
  readonly schema: TensorSchema;
  /** The base model's weights, d values in schema order. Not to be written to. */
  readonly baseModel: Float32Array;
  /**
   * 32 bytes that fix the batch order: SHA-256 of plan digest, round and client id, so that a plan fixes its whole
   * trajectory. It protects nobody.
   */
  readonly batchSeed: Uint8Array;
  /** Aborted when the round is cancelled or the client stops. */
  readonly signal: AbortSignal;
  /** Told after every local step, where the trainer knows of its steps. */
  readonly progress?: (stepsDone: number, stepsTotal: number) => void;
}

/** Local training, by TensorFlow.js, by another program, or by an attack that decorates one of them. */
export interface Trainer {
  /** One line for people: which backend or program does the work. */
  readonly description: string;
  /** @throws TRAINER_FAILED */
  train(task: TrainingTask): Promise<LocalUpdate>;
  close(): Promise<void>;
}
