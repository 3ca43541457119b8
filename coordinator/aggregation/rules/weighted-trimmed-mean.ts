import type { ColumnRule } from "../rule.ts";
import { greatest, honestMajority, majorityRequirement } from "./weights.ts";

/**
 * The trimmed mean of each coordinate by weight: f times the greatest weight is taken off either end, and what is left
 * is averaged by weight; a value on the border keeps the rest of its weight. With equal weights it is TrimmedMean.
 *
 * Weights are the capped example counts of the plan. Trimming removes weight, not heads: f clients of the greatest
 * weight are gone from either end, however many small ones that takes, and every coordinate stays in the honest range.
 * A coordinate follows a row with slope at most its part of the weight left, weights fixed: sensitivity 2C (2C/(n-2f)
 * with equal weights, but weights are what this rule is for).
 */
export function weightedTrimmedMean({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "WeightedTrimmedMean",
    feasible: (n, weights) => honestMajority(f, n, weights),
    requirement: majorityRequirement(f),
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: true,
    column: (_n, weights) => ({ kernel: "weightedTrimmedMean", weights, trimWeight: f * greatest(weights) }),
  };
}
