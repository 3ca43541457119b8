import type { PreAggregator } from "../rule.ts";
import { clipFactor, updateNorms } from "../rules/measures.ts";
import { scaling } from "./scaling.ts";

/**
 * Adaptive robust clipping, ARC (Allouah et al. 2024, "Adaptive Gradient Clipping for Robust Federated Learning",
 * arXiv 2405.14432): the k = floor(2 (f/n) (n - f)) longest updates are scaled down to the norm of the
 * (k + 1)-th longest.
 *
 * A rule that is (f, kappa)-robust stays (f, kappa + 2f/(n-2f))-robust behind it, and no row is longer than the longest
 * honest one, since k >= f. It clips k updates in every round, attackers or none.
 */
export function arc({ numByzantine: f }: { readonly numByzantine: number }): PreAggregator {
  return {
    name: "ARC",
    feasible: (n) => n > 2 * f,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`,
    needs: { betweenUpdates: false },
    keepsClients: true,
    numOutputs: (n) => n,
    mix: (geometry) => {
      const n = geometry.numUpdates;
      const norms = updateNorms(geometry);
      const numClipped = Math.floor((2 * f * (n - f)) / n);
      const bound = norms.slice().sort()[n - 1 - numClipped] as number;
      return scaling(
        geometry,
        norms.map((norm) => clipFactor(norm, bound)),
      );
    },
  };
}
