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

/**
 * Rows of the geometry (1..n) in ascending order of their Krum score: the sum of the squared distances to the nearest
 * others, itself not counted. Ties go to the lowest row, that is the lowest client id.
 */
export function byKrumScore(geometry: Geometry, f: number, neighbours: Neighbours): number[] {
  const { numUpdates } = geometry;
  const numNeighbours = numUpdates - f - (neighbours === "n-f-2" ? 2 : 1);
  const rows = Array.from({ length: numUpdates }, (_, i) => i + 1);
  const scores = Float64Array.from([0, ...rows.map((row) => krumScore(geometry, row, numNeighbours))]);
  return rows.sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
}

function krumScore({ numUpdates, numRows, squaredDistances }: Geometry, row: number, numNeighbours: number): number {
  const others = squaredDistances.slice(row * numRows + 1, row * numRows + 1 + numUpdates);
  others[row - 1] = Number.POSITIVE_INFINITY;
  // summed in ascending order: the bits of a score do not depend on the order of the rows
  return others
    .sort()
    .subarray(0, numNeighbours)
    .reduce((sum, distance) => sum + distance, 0);
}

/** Equal coefficients on the given rows of the geometry, 0 elsewhere. */
export function meanOf(rows: readonly number[], { numRows }: Geometry): Float64Array {
  const coefficients = new Float64Array(numRows);
  for (const row of rows) coefficients[row] = 1 / rows.length;
  return coefficients;
}
