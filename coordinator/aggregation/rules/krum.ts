import type { CombiningRule } from "../rule.ts";
import { byKrumScore, krumFeasible, krumRequirement, meanOf, type Neighbours } from "./krum-scores.ts";

/**
 * Krum (Blanchard et al. 2017, section 4): the one update whose summed squared distance to its nearest others is
 * least. One moved point can switch the winner from one end of the ball to the other, so it carries no central noise.
 */
export function krum({
  numByzantine: f,
  neighbours,
}: {
  readonly numByzantine: number;
  readonly neighbours: Neighbours;
}): CombiningRule {
  return {
    kind: "combine",
    name: "Krum",
    feasible: (n) => krumFeasible(n, f, neighbours),
    requirement: krumRequirement(f, neighbours),
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    weighted: false,
    needs: {},
    combine: ({ geometry }) => ({ coefficients: meanOf(byKrumScore(geometry, f, neighbours).slice(0, 1), geometry) }),
  };
}
