import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../random/seeded.ts";
import { batches } from "./batches.ts";

const seeded = (seed: number) => seededRandom(new Uint8Array(32).fill(seed));

function take(count: number, of: Generator<Uint32Array, never>): Uint32Array[] {
  return Array.from({ length: count }, () => of.next().value);
}

test("every epoch visits every example once, whatever the batch size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (numExamples, batchSize) => {
      const size = Math.min(batchSize, numExamples);
      const visited = take(numExamples, batches(numExamples, batchSize, seeded(1))).flatMap((it) => [...it]);
      expect(visited).toHaveLength(numExamples * size);
      for (let epoch = 0; epoch < size; epoch++) {
        const visits = visited.slice(epoch * numExamples, (epoch + 1) * numExamples);
        expect(visits.toSorted((a, b) => a - b)).toEqual(Array.from({ length: numExamples }, (_, i) => i));
      }
    }),
  );
});

test("a set smaller than the batch is used whole", () => {
  for (const batch of take(3, batches(5, 32, seeded(1)))) expect(batch).toHaveLength(5);
});

test("the seed fixes the order; another seed gives another, and so does another epoch", () => {
  const [first] = take(1, batches(50, 50, seeded(1)));
  expect(take(1, batches(50, 50, seeded(1)))).toEqual([first]);
  expect(take(1, batches(50, 50, seeded(2)))).not.toEqual([first]);
  expect(take(2, batches(50, 50, seeded(1)))[1]).not.toEqual(first);
});
