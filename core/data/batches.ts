import { permutation, type Random } from "../random/random.ts";

/**
 * Batches without end: epoch after epoch, each a fresh permutation of all examples, cut every `batchSize`
 * examples across the seams. A batch is the whole set where the set is smaller.
 */
export function* batches(numExamples: number, batchSize: number, random: Random): Generator<Uint32Array, never> {
  const size = Math.min(batchSize, numExamples);
  let epoch = permutation(random, numExamples);
  let used = 0;
  for (;;) {
    const batch = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      if (used === numExamples) {
        epoch = permutation(random, numExamples);
        used = 0;
      }
      batch[i] = epoch[used++] as number;
    }
    yield batch;
  }
}
