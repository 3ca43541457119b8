export interface CrossEntropy {
  /** Sum over the examples of -log softmax(logits)[label], in nats, float64. */
  readonly lossSum: number;
  /** Examples whose largest logit is their label's; the lowest class wins a tie. */
  readonly numCorrect: number;
}

/** @param logits one row of `numClasses` values per label */
export function crossEntropy(logits: Float32Array, labels: Int32Array, numClasses: number): CrossEntropy {
  let lossSum = 0;
  let numCorrect = 0;
  labels.forEach((label, row) => {
    const scores = logits.subarray(row * numClasses, (row + 1) * numClasses);
    const highest = scores.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
    lossSum += highest + Math.log(total) - (scores[label] as number);
    if (scores.indexOf(highest) === label) numCorrect++;
  });
  return { lossSum, numCorrect };
}

/** The loss of a model that has diverged is not a number; what is reported, signed and journaled has to be one. */
export function reportableLoss(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}
