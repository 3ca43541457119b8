/** Labelled examples. `idx.ts` reads them from files; attacks on data decorate them. */
export interface Dataset {
  readonly numExamples: number;
  /** Shape of one example, such as [28, 28]. */
  readonly inputShape: readonly number[];
  /** One more than the largest label that occurs. */
  readonly numClasses: number;
  batch(indices: Uint32Array): Batch;
}

export interface Batch {
  /** One row of the example's size per index, values in [0, 1]. */
  readonly inputs: Float32Array;
  /** One class per index, from 0. */
  readonly labels: Int32Array;
}

/**
 * Examples held as bytes, a quarter of the memory of floats; 0..255 becomes 0..1 when a batch is taken.
 *
 * @param inputs numExamples rows, one byte per value
 * @param labels numExamples classes
 */
export function byteDataset(inputs: Uint8Array, labels: Uint8Array, inputShape: readonly number[]): Dataset {
  const inputSize = inputs.length / labels.length;
  return {
    numExamples: labels.length,
    inputShape,
    numClasses: labels.reduce((highest, label) => Math.max(highest, label), 0) + 1,
    batch(indices) {
      const batch = { inputs: new Float32Array(indices.length * inputSize), labels: new Int32Array(indices.length) };
      indices.forEach((index, row) => {
        const from = index * inputSize;
        const to = row * inputSize;
        for (let i = 0; i < inputSize; i++) batch.inputs[to + i] = (inputs[from + i] as number) / 255;
        batch.labels[row] = labels[index] as number;
      });
      return batch;
    },
  };
}
