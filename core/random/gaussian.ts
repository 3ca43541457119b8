import { ln } from "./ln.ts";
import type { Random } from "./random.ts";

/**
 * Draws from the standard normal distribution: mean 0, standard deviation 1. Marsaglia's polar method (Marsaglia and
 * Bray 1964) makes two at a time. With a seeded source every machine gets the same bits: beside `ln` it takes only
 * arithmetic and a square root, which IEEE 754 rounds correctly and every engine leaves to the processor.
 */
export function gaussian(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * random.uniform() - 1;
      const v = 2 * random.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * ln(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}
