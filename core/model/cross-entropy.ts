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
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const start = row * numClasses;
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < numClasses; k++) highest = Math.max(highest, logits[start + k] as number);
    let total = 0;
    for (let k = 0; k < numClasses; k++) total += Math.exp((logits[start + k] as number) - highest);
    lossSum += highest + Math.log(total) - (logits[start + label] as number);
    if (logits.indexOf(highest, start) === start + label) numCorrect++;
  }
  return { lossSum, numCorrect };
}

/** The loss of a model that has diverged is not a number; what is reported, signed and journaled has to be one. */
export function reportableLoss(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}
