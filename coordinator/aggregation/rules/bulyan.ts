import type { ColumnRule, Geometry } from "../rule.ts";

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

/**
 * The rows that iterated Krum picks, ascending; of those that tie the lowest. The others of each row are sorted once, so that a
 * pick costs the sums over so many neighbours: n^3 additions at most in all.
 */
function picks(geometry: Geometry, f: number): number[] {
  const { numUpdates } = geometry;
  const remaining = Array.from({ length: numUpdates }, (_, i) => new Neighbourhood(geometry, i + 1));
  const picked: number[] = [];
  while (picked.length < numUpdates - 2 * f) {
    const numNeighbours = Math.max(1, remaining.length - f - 2);
    const scores = remaining.map((it) => it.score(numNeighbours));
    const best = scores.reduce((least, score, i) => (score < (scores[least] as number) ? i : least), 0);
    const [{ row }] = remaining.splice(best, 1) as [Neighbourhood];
    for (const it of remaining) it.leave(row);
    picked.push(row);
  }
  return picked.sort((a, b) => a - b);
}

/** The others of a row that remain, nearest first. */
class Neighbourhood {
  readonly row: number;
  #numOthers: number;
  readonly #others: Int32Array;
  readonly #distances: Float64Array;

  constructor({ numUpdates, numRows, squaredDistances }: Geometry, row: number) {
    const distances = squaredDistances.subarray(row * numRows, (row + 1) * numRows);
    const rows = Int32Array.from({ length: numUpdates }, (_, i) => i + 1).filter((other) => other !== row);
    this.row = row;
    this.#numOthers = rows.length;
    this.#others = rows.sort((a, b) => (distances[a] as number) - (distances[b] as number) || a - b);
    this.#distances = Float64Array.from(this.#others, (other) => distances[other] as number);
  }

  /** Summed in ascending order, as every Krum score. */
  score(numNeighbours: number): number {
    let sum = 0;
    const end = Math.min(numNeighbours, this.#numOthers);
    for (let k = 0; k < end; k++) sum += this.#distances[k] as number;
    return sum;
  }

  leave(row: number): void {
    const place = this.#others.indexOf(row);
    this.#others.copyWithin(place, place + 1, this.#numOthers);
    this.#distances.copyWithin(place, place + 1, this.#numOthers);
    this.#numOthers -= 1;
  }
}
