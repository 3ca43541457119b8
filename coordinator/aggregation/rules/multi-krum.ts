import type { CombiningRule } from "../rule.ts";
import { byKrumScore, krumFeasible, krumRequirement, meanOf, type Neighbours } from "./krum-scores.ts";

/** How many updates of lowest score are averaged: the paper's n - f - 2, ByzFL's n - f, or a count of at most n - f. */
export type Select = "n-f-2" | "n-f" | number;

/**
 * Multi-Krum (Blanchard et al. 2017, section 4): the mean of the m updates of lowest Krum score. With m > n - f an
 * attacker would always be among them.
 */
export function multiKrum({
  numByzantine: f,
  neighbours,
  select,
}: {
  readonly numByzantine: number;
  readonly neighbours: Neighbours;
  readonly select: Select;
}): CombiningRule {
  const selected = (n: number) => (select === "n-f-2" ? n - f - 2 : select === "n-f" ? n - f : select);
  // where the scores are feasible there is always one to select
  const selects = select === 1 ? "" : ` and 1 <= select <= n - f, select = ${select}`;
  return {
    kind: "combine",
    name: "MultiKrum",
    feasible: (n) => krumFeasible(n, f, neighbours) && selected(n) >= 1 && selected(n) <= n - f,
    requirement: `${krumRequirement(f, neighbours)}${selects}`,
    sensitivity: (n, clipNorm) => (2 * clipNorm * Math.min(selected(n), n - selected(n) + 1)) / selected(n),
    carriesCentralNoise: false,
    weighted: false,
    needs: {},
    combine: ({ geometry }) => {
      const lowest = byKrumScore(geometry, f, neighbours).slice(0, selected(geometry.numUpdates));
      return { coefficients: meanOf(lowest, geometry) };
    },
  };
}
