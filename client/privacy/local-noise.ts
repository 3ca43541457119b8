import { gaussian } from "../../core/random/gaussian.ts";
import type { Random } from "../../core/random/random.ts";
import { clip } from "../../core/vector/clip.ts";

/** Steps of the grid in one standard deviation of the noise: rounding adds 1/(12 GRID^2) to its variance. */
const GRID = 2 ** 12;

/**
 * The values clipped to an L2 norm of `clipNorm`, with independent normal noise of standard deviation `stdDev` (not
 * variance) on each. Values and noise are rounded to one grid first, the values towards zero, which lengthens none, and
 * are added as integers: the result is a fixed distribution moved by whole steps, so no low bit tells what it was added
 * to (Mironov 2012, "On significance of the least significant bits"). The noise is rounded from doubles and as good as
 * they are; level "research".
 */
export function withLocalNoise(values: Float32Array, clipNorm: number, stdDev: number, random: Random): Float32Array {
  const step = 2 ** Math.floor(Math.log2(stdDev / GRID));
  const perStep = stdDev / step;
  const standardNormal = gaussian(random);
  return clip(values, clipNorm).map((value) => {
    const noise = Math.round(perStep * standardNormal());
    // 0 + -0 is 0: a sum that kept its sign would tell the sign of the value
    return step * (0 + Math.trunc(value / step) + noise);
  });
}
