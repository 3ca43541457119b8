import type { Batch, Dataset } from "../data/dataset.ts";
import { crossEntropy, reportableLoss } from "./cross-entropy.ts";
import type { Network } from "./network.ts";
import { requireFit } from "./train.ts";

export interface Evaluation {
  /** Share of the examples whose largest logit is their label's. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats; Number.MAX_VALUE for a model that has diverged. */
  readonly loss: number;
  readonly numExamples: number;
}

const BATCH_SIZE = 1000;

/** @throws DATA_FILE_INVALID when data and model do not fit */
export function evaluate(network: Network, dataset: Dataset): Evaluation {
  const pieces = evaluation(network, dataset);
  for (;;) {
    const { done, value } = pieces.next();
    if (done === true) return value;
  }
}

/**
 * The same a thousand examples at a time, between which others may have their turn, but not with the network.
 * @throws DATA_FILE_INVALID when data and model do not fit
 */
export function* evaluation(network: Network, dataset: Dataset): Generator<undefined, Evaluation> {
  requireFit(network, dataset);
  const { numExamples } = dataset;
  let lossSum = 0;
  let numCorrect = 0;
  let batch: Batch | undefined;
  for (let start = 0; start < numExamples; start += BATCH_SIZE) {
    if (start > 0) yield;
    const size = Math.min(BATCH_SIZE, numExamples - start);
    batch = dataset.batch(
      Uint32Array.from({ length: size }, (_, i) => start + i),
      batch,
    );
    const part = crossEntropy(network.logits(batch.inputs), batch.labels, network.numClasses);
    lossSum += part.lossSum;
    numCorrect += part.numCorrect;
  }
  return { accuracy: numCorrect / numExamples, loss: reportableLoss(lossSum / numExamples), numExamples };
}
