import type { PreAggregator } from "../rule.ts";
import { clipFactor, updateNorms } from "../rules/measures.ts";
import { scaling } from "./scaling.ts";

/**
 * Norm clipping (Sun et al. 2019, "Can You Really Backdoor Federated Learning?", section 4): x_i min(1, C/||x_i||) for
 * every update, C being `clipNorm`.
 *
 * No row is longer than C, but a fixed bound loses (f, kappa)-robustness (Allouah et al. 2024, "Adaptive Gradient
 * Clipping for Robust Federated Learning"): where honest updates grow small it clips none of the attackers',
 * and a bound below the honest norms bends the mean of the honest. ARC adapts.
 */
export function normClipping({ clipNorm }: { readonly clipNorm: number }): PreAggregator {
  return {
    name: "NormClipping",
    feasible: (n) => n >= 1,
    requirement: "at least 1 update",
    needs: { betweenUpdates: false },
    keepsClients: true,
    numOutputs: (n) => n,
    mix: (geometry) =>
      scaling(
        geometry,
        updateNorms(geometry).map((norm) => clipFactor(norm, clipNorm)),
      ),
  };
}
