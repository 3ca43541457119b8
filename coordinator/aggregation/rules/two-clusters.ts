import { ln } from "../../../core/random/ln.ts";
import type { Random } from "../../../core/random/random.ts";

const NUM_REFERENCES = 20;
/** Scores that differ by less of the greatest differ by rounding. */
const ROUNDING = 1e-9;

/**
 * Whether each score is in the upper one of two clusters, where the gap statistic finds two rather than one; undefined
 * where it finds one, or fewer than three scores (two scores always make two perfect clusters).
 *
 * Gap statistic (Tibshirani, Walther and Hastie 2001, section 3): with W_k the within-cluster sum of squares of k
 * clusters and W*_k the same for as many uniform draws, gap(k) = mean ln W*_k - ln W_k; two clusters when gap(1) < gap(2) - s_2, s_2 the standard deviation of ln W*_2 times sqrt(1 + 1/B), B reference sets.
 * On a line the best two clusters are a cut of the sorted scores, found exactly: no start, no iterations.
 */
export function upperCluster(scores: Float64Array, random: Random): readonly boolean[] | undefined {
  const sorted = scores.slice().sort();
  const [least, greatest] = [sorted[0] as number, sorted.at(-1) as number];
  if (sorted.length < 3 || !(greatest - least > ROUNDING * greatest)) return undefined;
  const ours = withinSums(sorted);
  const references = Array.from({ length: NUM_REFERENCES }, () =>
    withinSums(Float64Array.from(sorted, () => random.uniform()).sort()),
  );
  const one = references.map(({ uncut }) => logOf(uncut));
  const two = references.map(({ cut }) => logOf(cut));
  const gain = mean(two) - logOf(ours.cut) - (mean(one) - logOf(ours.uncut));
  if (!(gain > stdDev(two) * Math.sqrt(1 + 1 / NUM_REFERENCES))) return undefined;
  const lowest = sorted[ours.at] as number;
  return Array.from(scores, (score) => score >= lowest);
}

interface WithinSums {
  readonly uncut: number;
  readonly cut: number;
  /** Where the upper of the two clusters begins. */
  readonly at: number;
}

/** Within-cluster sums of squares of sorted values as one cluster and cut in two where that makes it least. */
function withinSums(sorted: Float64Array): WithinSums {
  let best = { cut: Number.POSITIVE_INFINITY, at: 1 };
  for (let at = 1; at < sorted.length; at++) {
    const cut = squaresAroundMean(sorted.subarray(0, at)) + squaresAroundMean(sorted.subarray(at));
    if (cut < best.cut) best = { cut, at };
  }
  return { uncut: squaresAroundMean(sorted), ...best };
}

function squaresAroundMean(values: Float64Array): number {
  const centre = mean(values);
  return values.reduce((sum, it) => sum + (it - centre) ** 2, 0);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, it) => sum + it, 0) / values.length;
}

function stdDev(values: readonly number[]): number {
  return Math.sqrt(squaresAroundMean(Float64Array.from(values)) / values.length);
}

/** Of a sum that may be 0, when every cluster is a point: the least number that has a logarithm stands for it. */
function logOf(sum: number): number {
  return ln(Math.max(Number.MIN_VALUE, sum));
}
