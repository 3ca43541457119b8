import { permutation, type Random } from "../../core/random/random.ts";
import type { Partition } from "./partition.ts";

/** Shuffles and deals out: every client sees the same distribution, and sizes differ by one at most. */
export function iid(numExamples: number, numClients: number, random: Random): Partition {
  const order = permutation(random, numExamples);
  return Array.from({ length: numClients }, (_, client) => order.filter((_, i) => i % numClients === client).sort());
}
