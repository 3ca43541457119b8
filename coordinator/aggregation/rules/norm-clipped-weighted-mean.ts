import type { CombiningRule } from "../rule.ts";
import { clipFactor, onUpdates, updateNorms } from "./measures.ts";
import { honestMajority, majorityRequirement, weightedMedianOf } from "./weights.ts";

/**
 * The weighted mean of the updates, each scaled down to a norm of at most B: sum_i w_i min(1, B/||x_i||) x_i / sum_i w_i
 * with B = `clipNorm`, or the weighted median of the norms where it is not given. Weights are the capped example counts
 * of the plan.
 *
 * Attackers with a part p of the weight move the result by at most 2 p B. The fixed bound loses (f, kappa)-robustness
 * (Allouah et al. 2024, "Adaptive Gradient Clipping for Robust Federated Learning"): where honest updates grow small it
 * clips nothing. The median follows them, and is an honest norm or less while attackers hold less than half of the
 * weight. Within C rows leave the result within min(B, C), which gives the sensitivity.
 */
export function normClippedWeightedMean({
  numByzantine: f,
  clipNorm: fixed,
}: {
  readonly numByzantine: number;
  readonly clipNorm?: number | undefined;
}): CombiningRule {
  return {
    kind: "combine",
    name: "NormClippedWeightedMean",
    feasible: (n, weights) => honestMajority(f, n, weights),
    requirement: majorityRequirement(f),
    sensitivity: (_n, clipNorm) => 2 * Math.min(clipNorm, fixed ?? clipNorm),
    carriesCentralNoise: false,
    weighted: true,
    needs: { betweenUpdates: false },
    combine: ({ geometry, weights }) => {
      const norms = updateNorms(geometry);
      const bound = fixed ?? weightedMedianOf(norms, weights);
      const factor = norms.map((norm) => clipFactor(norm, bound));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return {
        coefficients: onUpdates(
          geometry,
          weights.map((weight, i) => (weight / total) * (factor[i] as number)),
        ),
        perUpdate: { clipFactor: factor },
      };
    },
  };
}
