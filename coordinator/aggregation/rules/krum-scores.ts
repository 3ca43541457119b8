import type { Geometry } from "../rule.ts";

/**
 * How many nearest others a score sums over: n - f - 2 as in the paper (Blanchard et al. 2017, section 4), or
 * n - f - 1 as in ByzFL.
 */
export type Neighbours = "n-f-2" | "n-f-1";

/** With n - f - 2 neighbours and n = 2f + 1, f identical attackers score 0 and always win; the proof needs 2f + 3. */
export function krumFeasible(n: number, f: number, neighbours: Neighbours): boolean {
  return neighbours === "n-f-2" ? n >= 2 * f + 3 : n > 2 * f;
}

export function krumRequirement(f: number, neighbours: Neighbours): string {
  return neighbours === "n-f-2"
    ? `at least ${2 * f + 3} updates (n >= 2f + 3, f = ${f})`
    : `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f})`;
}

/** Of each update the sum of the squared distances to its nearest others, itself not counted. */
export function krumScores(geometry: Geometry, f: number, neighbours: Neighbours): Float64Array {
  const { numUpdates, numRows, squaredDistances } = geometry;
  const numNeighbours = numUpdates - f - (neighbours === "n-f-2" ? 2 : 1);
  const others = new Float64Array(numUpdates - 1);
  return Float64Array.from({ length: numUpdates }, (_, i) => {
    const start = (i + 1) * numRows;
    others.set(squaredDistances.subarray(start + 1, start + 1 + i));
    others.set(squaredDistances.subarray(start + 2 + i, start + 1 + numUpdates), i);
    // summed in ascending order: the bits of a score do not depend on the order of the rows
    return others
      .sort()
      .subarray(0, numNeighbours)
      .reduce((sum, distance) => sum + distance, 0);
  });
}

/** Rows of the geometry (1..n) in ascending order of their Krum score; ties go to the lowest row, that is client id. */
export function byKrumScore(geometry: Geometry, f: number, neighbours: Neighbours): number[] {
  const scores = krumScores(geometry, f, neighbours);
  const score = (row: number) => scores[row - 1] as number;
  return Array.from(scores, (_, i) => i + 1).sort((a, b) => score(a) - score(b) || a - b);
}

/** Equal coefficients on the given rows of the geometry, 0 elsewhere. */
export function meanOf(rows: readonly number[], { numRows }: Geometry): Float64Array {
  const coefficients = new Float64Array(numRows);
  for (const row of rows) coefficients[row] = 1 / rows.length;
  return coefficients;
}
