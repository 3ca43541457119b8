/** Labelled examples. `idx.ts` and `csv.ts` read them from files; attacks on data decorate them. */
export interface Dataset {
  readonly numExamples: number;
  /** Shape of one example, such as [28, 28]. */
  readonly inputShape: readonly number[];
  /** No label is as large as it: one more than the largest that occurs, in a subset perhaps more. */
  readonly numClasses: number;
  /** @param into a batch that nobody needs any more, whose memory may serve this one */
  batch(indices: Uint32Array, into?: Batch): Batch;
}

export interface Batch {
  /** One row of the example's size per index, values of about 0 to 1. */
  readonly inputs: Float32Array;
  /** One class per index, from 0. */
  readonly labels: Int32Array;
}

/** A data set in memory, whose labels can be seen without its inputs. */
export interface HeldDataset extends Dataset {
  /** One class per example. */
  readonly labels: Uint8Array | Int32Array;
}

/**
 * Examples held as bytes, a quarter of the memory of floats. A batch has them divided by `divisor`, so that 0..255
 * becomes 0..1 unless said otherwise.
 *
 * @param inputs numExamples rows, one byte per value
 * @param labels numExamples classes
 */
export function byteDataset(
  inputs: Uint8Array,
  labels: Uint8Array,
  inputShape: readonly number[],
  divisor = 255,
): HeldDataset {
  const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte / divisor);
  return held(labels, inputShape, inputs.length / labels.length, (into, to, from, size) => {
    for (let i = 0; i < size; i++) into[to + i] = scaled[inputs[from + i] as number] as number;
  });
}

/**
 * Examples held as they are given out.
 *
 * @param inputs numExamples rows
 * @param labels numExamples classes
 */
export function floatDataset(
  inputs: Float32Array,
  labels: Uint8Array | Int32Array,
  inputShape: readonly number[],
): HeldDataset {
  return held(labels, inputShape, inputs.length / labels.length, (into, to, from, size) => {
    into.set(inputs.subarray(from, from + size), to);
  });
}

/** The examples at these indices, without a copy of them. */
export function subset(dataset: Dataset, indices: Uint32Array): Dataset {
  return {
    numExamples: indices.length,
    inputShape: dataset.inputShape,
    numClasses: dataset.numClasses,
    batch: (chosen, into) =>
      dataset.batch(
        chosen.map((index) => indices[index] as number),
        into,
      ),
  };
}

/** The same with labels that can be seen. */
export function heldSubset(dataset: HeldDataset, indices: Uint32Array): HeldDataset {
  const labels = Int32Array.from(indices, (index) => dataset.labels[index] as number);
  return { ...subset(dataset, indices), labels };
}

type CopyRow = (into: Float32Array, to: number, from: number, size: number) => void;

function held(
  labels: Uint8Array | Int32Array,
  inputShape: readonly number[],
  size: number,
  copyRow: CopyRow,
): HeldDataset {
  return {
    numExamples: labels.length,
    inputShape,
    numClasses: largest(labels) + 1,
    labels,
    batch(indices, into) {
      const fits = into?.labels.length === indices.length && into.inputs.length === indices.length * size;
      const batch = fits ? into : emptyBatch(indices.length, size);
      indices.forEach((index, row) => {
        copyRow(batch.inputs, row * size, index * size, size);
        batch.labels[row] = labels[index] as number;
      });
      return batch;
    },
  };
}

function emptyBatch(numExamples: number, size: number): Batch {
  return { inputs: new Float32Array(numExamples * size), labels: new Int32Array(numExamples) };
}

function largest(labels: Uint8Array | Int32Array): number {
  let most = 0;
  for (const label of labels) most = Math.max(most, label);
  return most;
}
