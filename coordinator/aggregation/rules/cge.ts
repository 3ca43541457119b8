import type { CombiningRule } from "../rule.ts";
import { meanOf } from "./krum-scores.ts";
import { updateNorms } from "./measures.ts";

/**
 * Comparative gradient elimination (Gupta, Liu and Vaidya 2021): the mean of the n - f updates of least norm; ties go
 * to the lowest client id. It bounds how far attackers reach by the norms of the honest, not by how much these differ,
 * so no kappa holds: f attackers of small norm stay in and shorten the mean.
 *
 * Replacing one row changes one of the rows that are averaged at most, each by n - f, hence 2C/(n-f).
 */
export function cge({ numByzantine: f }: { readonly numByzantine: number }): CombiningRule {
  return {
    kind: "combine",
    name: "CGE",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    sensitivity: (n, clipNorm) => (2 * clipNorm) / (n - f),
    carriesCentralNoise: false,
    weighted: false,
    needs: { betweenUpdates: false },
    combine: ({ geometry }) => {
      const norms = updateNorms(geometry);
      const norm = (row: number) => norms[row - 1] as number;
      const byNorm = Array.from(norms, (_, i) => i + 1).sort((a, b) => norm(a) - norm(b) || a - b);
      return { coefficients: meanOf(byNorm.slice(0, byNorm.length - f), geometry) };
    },
  };
}
