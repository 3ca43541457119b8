import type { Dataset } from "../../core/data/dataset.ts";

/** What an attacker makes of one example. */
export interface Poison {
  /** Stands for another example of the same set, by default for itself. */
  readonly replace?: (index: number) => number;
  /** @param input written to in place: a copy of the example's values */
  readonly stamp?: (input: Float32Array, index: number) => void;
  readonly relabel: (label: number, index: number) => number;
}

/** The honest examples with a poison applied wherever one is taken. */
export function poisoned(honest: Dataset, numClasses: number, { replace, stamp, relabel }: Poison): Dataset {
  return {
    numExamples: honest.numExamples,
    inputShape: honest.inputShape,
    numClasses: Math.max(numClasses, honest.numClasses),
    batch(indices, into) {
      const taken = replace === undefined ? indices : indices.map(replace);
      const { inputs, labels } = honest.batch(taken, into);
      const size = inputs.length / Math.max(1, indices.length);
      indices.forEach((index, row) => {
        stamp?.(inputs.subarray(row * size, (row + 1) * size), index);
        labels[row] = relabel(labels[row] as number, index);
      });
      return { inputs, labels };
    },
  };
}

const GOLDEN_RATIO = 0.6180339887498949;

/** Whether an example is among a share of all, spread evenly over the set and the same every time (Weyl's sequence). */
export function isAmong(share: number, index: number): boolean {
  return ((index + 1) * GOLDEN_RATIO) % 1 < share;
}

/** Labels of all examples, read in pieces. */
function labelsOf(dataset: Dataset): Int32Array {
  const labels = new Int32Array(dataset.numExamples);
  for (const { start, batch } of pieces(dataset)) labels.set(batch.labels, start);
  return labels;
}

const PIECE = 1_000;

/** All examples in their order, a thousand at a time. */
export function* pieces(dataset: Dataset) {
  for (let start = 0; start < dataset.numExamples; start += PIECE) {
    const length = Math.min(PIECE, dataset.numExamples - start);
    yield { start, batch: dataset.batch(Uint32Array.from({ length }, (_, i) => start + i)) };
  }
}

/** The places of the examples with a label that is wanted. */
export function placesWhere(dataset: Dataset, isWanted: (label: number) => boolean): Uint32Array {
  const places: number[] = [];
  labelsOf(dataset).forEach((label, index) => {
    if (isWanted(label)) places.push(index);
  });
  return Uint32Array.from(places);
}
