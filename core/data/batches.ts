import { draws, type Random } from "../random/random.ts";

/**
 * Batches without end: epoch after epoch, each all examples in a fresh random order, cut every `batchSize`
 * examples across the seams. A batch is the whole set where the set is smaller. Of the last epoch only what is used is
 * drawn: one step on many examples costs one batch.
 */
export function* batches(numExamples: number, batchSize: number, random: Random): Generator<Uint32Array, never> {
  const size = Math.min(batchSize, numExamples);
  const examples = epochs(numExamples, random);
  for (;;) {
    const batch = new Uint32Array(size);
    for (let i = 0; i < size; i++) batch[i] = examples.next().value;
    yield batch;
  }
}

function* epochs(numExamples: number, random: Random): Generator<number, never> {
  for (;;) yield* draws(random, numExamples);
}
