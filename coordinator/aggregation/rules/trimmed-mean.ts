import type { ColumnRule } from "../rule.ts";

/**
 * The trimmed mean of each coordinate (Yin et al. 2018, definition 2): f smallest and f largest values are dropped,
 * the n - 2f between them averaged. Trimming is by count; a fraction would be cut down to a count below f.
 * Robust with kappa = 6f/(n-2f) (1 + f/(n-2f)) (Allouah et al. 2023).
 *
 * With the other rows fixed, coordinate j is a constant plus clamp(x_ij, lo_j, hi_j)/(n-2f): the map is
 * 1/(n-2f)-Lipschitz in each row, which gives the sensitivity 2C/(n-2f), in any number of dimensions.
 */
export function trimmedMean({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "TrimmedMean",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (n, clipNorm) => (2 * clipNorm) / (n - 2 * f),
    carriesCentralNoise: true,
    weighted: false,
    column: () => ({ kernel: "trimmedMean", trim: f }),
  };
}
