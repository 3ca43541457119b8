import type { ColumnRule } from "../rule.ts";

/**
 * Mean around the median (Xie et al. 2018, "Generalized Byzantine-tolerant SGD"): of each coordinate the
 * mean of the n - f values nearest the median. f = 0 gives the mean.
 *
 * Every squared coordinate of the result is at most the mean of the n - f squares kept, so its norm is at most
 * C sqrt(n/(n-f)); twice that is all that is claimed as its sensitivity.
 */
export function meaMed({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "MeaMed",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (n, clipNorm) => 2 * clipNorm * Math.sqrt(n / (n - f)),
    carriesCentralNoise: false,
    weighted: false,
    column: (n) => ({ kernel: "meanAroundMedian", keep: n - f }),
  };
}
