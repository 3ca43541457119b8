import type { ColumnRule } from "../rule.ts";

/**
 * The median of each coordinate (Yin et al. 2018, definition 1); of an even number, the mean of the two in the
 * middle. Robust with kappa = 4 (1 + f/(n-2f))^2 (Allouah et al. 2023).
 *
 * Its sensitivity does not fall with n: replacing one row can carry the middle from one honest group to another, so
 * central noise scaled to it would drown the model.
 */
export function median({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "Median",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (n, clipNorm) => (n % 2 === 0 ? clipNorm : 2 * clipNorm),
    carriesCentralNoise: false,
    weighted: false,
    column: () => ({ kernel: "median" }),
  };
}
