/** How to look for the factor that does the most harm. */
export type Search = "byzfl" | "grid";

type Score = (x: number) => Promise<number>;

/** A factor and its score. */
export interface Found {
  readonly x: number;
  readonly y: number;
}

/** The factor with the highest score that the search comes across, of equals the first. */
export function lineSearch(search: Search, score: Score): Promise<Found> {
  return search === "byzfl" ? expandThenContract(score, BYZFL) : grid(score);
}

/** Where an expanding search begins to step, and how often it may ask. */
export interface Steps {
  readonly firstStep: number;
  readonly evaluations: number;
}

const BYZFL: Steps = { firstStep: 10, evaluations: 20 };
const CONTRACTION = 0.8;

/** ByzFL's, for x >= 0: steps up from the best of twice the length while they improve, then shrinking ones. */
export async function expandThenContract(score: Score, { firstStep, evaluations }: Steps): Promise<Found> {
  let best = { x: 0, y: await score(0) };
  let step = firstStep;
  let isExpanding = true;
  for (let spent = 1; spent < evaluations; spent++) {
    const x = best.x + step;
    const y = await score(x);
    isExpanding &&= y > best.y;
    if (y > best.y) best = { x, y };
    step *= isExpanding ? 2 : CONTRACTION;
  }
  return best;
}

/** Both directions, from 0.05 to some 100, each size a fifth above the one before: what a local search misses is found. */
async function grid(score: Score): Promise<Found> {
  let best = { x: 0, y: await score(0) };
  for (let size = 0.05; size <= 100; size *= 1.2) {
    for (const x of [size, -size]) {
      const y = await score(x);
      if (y > best.y) best = { x, y };
    }
  }
  return best;
}
