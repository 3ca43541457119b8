import type { ColumnRule } from "../rule.ts";
import { honestMajority, majorityRequirement } from "./weights.ts";

/**
 * The weighted median of each coordinate: the value with half of the weight on either side; where the border falls
 * between two values, their mean. With equal weights it is Median.
 *
 * Weights are the capped example counts of the plan. While f clients of the greatest weight hold less than half of it,
 * every coordinate stays in the honest range. A coordinate follows each row with slope at most 1, weights fixed:
 * sensitivity 2C.
 */
export function weightedMedian({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "WeightedMedian",
    feasible: (n, weights) => honestMajority(f, n, weights),
    requirement: majorityRequirement(f),
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: true,
    column: (_n, weights) => ({ kernel: "weightedMedian", weights }),
  };
}
