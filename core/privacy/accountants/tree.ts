/**
 * Renyi divergence of tree aggregation over `numLeaves` rounds (Kairouz et al. 2021, "Practical and private deep
 * learning without sampling or shuffling", theorem 4.1; the tree is Dwork et al. 2010 and Chan et al. 2011): a client
 * that takes part once is in ceil(log2(T + 1)) nodes, each of which is released once with the same Gaussian noise.
 */
export function treeRdp(noiseMultiplier: number, numLeaves: number, order: number): number {
  return (order * treeHeight(numLeaves)) / (2 * noiseMultiplier * noiseMultiplier);
}

function treeHeight(numLeaves: number): number {
  return Math.ceil(Math.log2(numLeaves + 1));
}

/** How often and how soon again one client may take part in the rounds of a tree. */
export interface Participation {
  /** Rounds that lie at least between two of a client: after round t it may be in t + minSeparation + 1. */
  readonly minSeparation: number;
  readonly maxParticipations: number;
}

/**
 * The same, by order, when a client may take part several times: order * S / (2 z^2), S the largest sum over complete
 * nodes of the squared number of the client's rounds below the node.
 */
export function treeRdpOf(
  noiseMultiplier: number,
  numLeaves: number,
  limits: Participation,
): (order: number) => number {
  const sensitivity = maxSquaredCounts(numLeaves, limits);
  return (order) => (order * sensitivity) / (2 * noiseMultiplier * noiseMultiplier);
}

/** Patterns that are tried one by one; where there are more, S is bounded from above instead. */
const MOST_PATTERNS = 200_000;

/**
 * S: the maximum over allowed patterns of the sum over complete binary nodes of (participations below)^2. A node of
 * 2^h leaves starts at a multiple of 2^h; nodes that reach past the last leaf are never released. Where there are too
 * many patterns to try, the sum over levels of (most participations in all) * (most below one node), which is no less.
 */
export function maxSquaredCounts(numLeaves: number, limits: Participation): number {
  const { minSeparation, maxParticipations } = limits;
  if (numPatterns(numLeaves, limits) > MOST_PATTERNS) return boundOnSquaredCounts(numLeaves, limits);
  let best = 0;
  const chosen: number[] = [];
  const visit = (from: number): void => {
    best = Math.max(best, squaredCounts(numLeaves, chosen));
    if (chosen.length === maxParticipations) return;
    for (let leaf = from; leaf < numLeaves; leaf++) {
      chosen.push(leaf);
      visit(leaf + minSeparation + 1);
      chosen.pop();
    }
  };
  visit(0);
  return best;
}

/** How many there are, or some number above the most that are tried: k of n rounds that far apart are k of fewer, n - (k-1) s. */
function numPatterns(numLeaves: number, limits: Participation): number {
  const most = mostParticipations(numLeaves, limits);
  let sum = 1;
  for (let k = 1; k <= most && sum <= MOST_PATTERNS; k++) {
    sum += binomialCoefficient(numLeaves - (k - 1) * limits.minSeparation, k);
  }
  return sum;
}

/** C(n, k), or some number above the most patterns that are tried. */
function binomialCoefficient(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= Math.min(k, n - k) && value <= MOST_PATTERNS; i++) value = (value * (n - i + 1)) / i;
  return value;
}

function boundOnSquaredCounts(numLeaves: number, limits: Participation): number {
  let sum = 0;
  for (let size = 1; size <= numLeaves; size *= 2) {
    sum += mostParticipations(numLeaves, limits) * mostParticipations(size, limits);
  }
  return sum;
}

/** Of one client in `numRounds` rounds. */
export function mostParticipations(numRounds: number, { minSeparation, maxParticipations }: Participation): number {
  return Math.min(maxParticipations, Math.ceil(numRounds / (minSeparation + 1)));
}

/** @param leaves ascending */
function squaredCounts(numLeaves: number, leaves: readonly number[]): number {
  let sum = 0;
  for (let size = 1; size <= numLeaves; size *= 2) {
    let counted = -1;
    let count = 0;
    for (const leaf of leaves) {
      const node = Math.floor(leaf / size);
      if ((node + 1) * size > numLeaves) break;
      count = node === counted ? count + 1 : 1;
      counted = node;
      // c^2 is the sum of the first c odd numbers
      sum += 2 * count - 1;
    }
  }
  return sum;
}
