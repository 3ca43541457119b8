import type { Dataset } from "../../core/data/dataset.ts";
import type { DatasetAttack } from "./attack.ts";

/**
 * LabelFlipping: honest training on labels turned round, y -> numClasses - 1 - y. `numClasses` is the federation's
 * and not the dataset's own, which on uneven data may lack the highest classes.
 */
export function labelFlipping({ numClasses }: { readonly numClasses: number }): DatasetAttack {
  return {
    decorates: "dataset",
    knows: "data",
    decorate: (honest) => flippedLabels(honest, numClasses),
  };
}

function flippedLabels(honest: Dataset, numClasses: number): Dataset {
  return {
    numExamples: honest.numExamples,
    inputShape: honest.inputShape,
    numClasses,
    batch: (indices) => {
      const { inputs, labels } = honest.batch(indices);
      return { inputs, labels: labels.map((label) => numClasses - 1 - label) };
    },
  };
}
