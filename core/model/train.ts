import { setImmediate as nextTurn } from "node:timers/promises";
import { batches } from "../data/batches.ts";
import type { Batch, Dataset } from "../data/dataset.ts";
import { FederationError } from "../errors.ts";
import type { LocalTraining } from "../plan.ts";
import { seededRandom } from "../random/seeded.ts";
import { numCoordinates, sizeOf } from "../tensors/schema.ts";
import { reportableLoss } from "./cross-entropy.ts";
import type { Network } from "./network.ts";

export interface TrainingRun {
  readonly local: LocalTraining;
  /** 32 bytes that fix the order of the examples. */
  readonly batchSeed: Uint8Array;
  readonly signal: AbortSignal;
  readonly progress?: ((stepsDone: number, stepsTotal: number) => void) | undefined;
  /** Lets others of this thread have their turn; by default one of the event loop's. */
  readonly turn?: (() => Promise<unknown>) | undefined;
}

/** Steps that share a turn of the event loop, at most. */
const MOST_STEPS_A_TURN = 4;
/** Weights times examples: some ten milliseconds of one core. */
const WORK_A_TURN = 1 << 24;

/**
 * Takes the plan's local steps from the network's present weights. The event loop gets a turn after each step, or after
 * a few small ones, so that heartbeats leave on time.
 *
 * @returns the mean over the steps of each batch's loss before its step; Number.MAX_VALUE if it diverged
 * @throws DATA_FILE_INVALID when data and model do not fit, the signal's reason when it aborts
 */
export async function train(network: Network, dataset: Dataset, run: TrainingRun): Promise<number> {
  const { turn = nextTurn } = run;
  const { steps, batchSize } = run.local;
  requireFit(network, dataset);
  const stepsATurn = Math.min(MOST_STEPS_A_TURN, Math.ceil(WORK_A_TURN / (batchSize * numCoordinates(network.schema))));
  const order = batches(dataset.numExamples, batchSize, seededRandom(run.batchSeed));
  let lossSum = 0;
  let batch: Batch | undefined;
  for (let done = 1; done <= steps; done++) {
    batch = dataset.batch(order.next().value, batch);
    lossSum += network.step(batch, run.local);
    run.progress?.(done, steps);
    if (done % stepsATurn !== 0 && done < steps) continue;
    await turn();
    run.signal.throwIfAborted();
  }
  return reportableLoss(lossSum / steps);
}

/** @throws DATA_FILE_INVALID */
export function requireFit(network: Network, dataset: Dataset): void {
  const inputSize = sizeOf(dataset.inputShape);
  if (inputSize !== network.inputSize) {
    const sizes = `examples of ${dataset.inputShape.join(" x ")} = ${inputSize} values, the model takes ${network.inputSize}`;
    throw new FederationError("DATA_FILE_INVALID", sizes);
  }
  if (dataset.numClasses > network.numClasses) {
    const labels = `labels up to ${dataset.numClasses - 1}, the model knows ${network.numClasses} classes`;
    throw new FederationError("DATA_FILE_INVALID", labels);
  }
}
