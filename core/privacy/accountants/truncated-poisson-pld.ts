import { binomialTail } from "./binomial.ts";
import { type Direction, sampledGaussianLoss } from "./gaussian-pld.ts";
import type { LossCurve } from "./privacy-loss-distribution.ts";

/** A Poisson draw of at most `cap` clients: where the coins name more, `cap` of them are kept, uniformly. */
export interface TruncatedPoisson {
  readonly rate: number;
  readonly population: number;
  readonly cap: number;
}

/**
 * The loss of the Gaussian mechanism of sensitivity 1 and standard deviation z on a capped Poisson sample, neighbours
 * differing by one client that is there or counts as zero (Chua et al. 2024, "Scalable DP-SGD: shuffling vs. Poisson
 * subsampling", theorem 4.4). By joint convexity the divergence is at most the average over whether the others fill
 * the sample: if not, that of the plain Poisson sample; if they do, the client takes part with the probability that is
 * left for it and then replaces another.
 */
export function truncatedPoissonLoss(
  z: number,
  { rate, population, cap }: TruncatedPoisson,
  direction: Exclude<Direction, "replace">,
): LossCurve {
  const usual = sampledGaussianLoss(z, rate, direction);
  const full = binomialTail(population - 1, rate, cap);
  if (full === 0) return usual;
  const taken = (binomialTail(population, rate, cap + 1) * cap) / (full * population);
  const whenFull = sampledGaussianLoss(z / 2, taken, "replace");
  return {
    deltaAt: (epsilon) => (1 - full) * usual.deltaAt(epsilon) + full * whenFull.deltaAt(epsilon),
    low: Math.min(usual.low, whenFull.low),
    high: Math.max(usual.high, whenFull.high),
  };
}
