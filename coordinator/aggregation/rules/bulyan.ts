import type { ColumnRule, Geometry } from "../rule.ts";
import { krumScore } from "./krum-scores.ts";

/**
 * Bulyan over Krum (El Mhamdi, Guerraoui and Rouault 2018, "The hidden vulnerability of distributed learning in
 * Byzantium", section 4). Krum picks n - 2f updates, one after the other, each time among those that remain: with r of
 * them, a score sums over the max(1, r - f - 2) nearest others. Of each coordinate the result is the mean of the
 * n - 4f picked values nearest their median. f = 0 gives the mean. Ties go to the lowest client id; they are no rarity,
 * as the last scores have a single neighbour and two updates nearest each other score the same.
 *
 * Every squared coordinate of the result is at most the mean of the n - 4f squares kept, so its norm is at most
 * C sqrt((n-2f)/(n-4f)); twice that is all that is claimed as its sensitivity.
 */
export function bulyan({ numByzantine: f }: { readonly numByzantine: number }): ColumnRule {
  return {
    kind: "column",
    name: "Bulyan",
    feasible: (n) => n >= 4 * f + 3,
    requirement: `at least ${4 * f + 3} updates (n >= 4f + 3, f = ${f})`,
    sensitivity: (n, clipNorm) => 2 * clipNorm * Math.sqrt((n - 2 * f) / (n - 4 * f)),
    carriesCentralNoise: false,
    weighted: false,
    selectRows: (geometry) => picks(geometry, f),
    column: (numPicked) => ({ kernel: "meanAroundMedian", keep: numPicked - 2 * f }),
  };
}

/** The rows that iterated Krum picks, ascending; `indexOf` finds the lowest row of those that tie. */
function picks(geometry: Geometry, f: number): number[] {
  const remaining = Array.from({ length: geometry.numUpdates }, (_, i) => i + 1);
  const picked: number[] = [];
  while (picked.length < geometry.numUpdates - 2 * f) {
    const numNeighbours = Math.max(1, remaining.length - f - 2);
    const scores = remaining.map((row) => krumScore(geometry, row, remaining, numNeighbours));
    const best = scores.indexOf(Math.min(...scores));
    picked.push(...remaining.splice(best, 1));
  }
  return picked.sort((a, b) => a - b);
}
