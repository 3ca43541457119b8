import type { CombiningRule, Geometry } from "../rule.ts";
import { centredGram } from "./centred-gram.ts";
import { symmetricEigen } from "./eigen.ts";
import { onUpdates } from "./measures.ts";

/** Up to n steps of about n^3: some seconds for so many, and hours for thousands. */
const MOST_UPDATES = 300;

/** Over which updates the greatest deviation is taken: those of positive weight, or all of them as in ByzFL. */
export type TauMax = "kept" | "all";

/** Of n^3 in one step: about a second. Over all updates, a far one could hold the filter up for ever. */
const MAX_COST = 1e8;

/** At least n, which no filter over the updates of positive weight exceeds, and never more than 1,000. */
const maxSteps = (n: number) => Math.max(n, Math.min(1_000, Math.floor(MAX_COST / n ** 3)));

/**
 * The covariance-bound agnostic filter (Allouah, Guerraoui and Stephan 2025, "Towards trustworthy federated learning
 * with untrusted participants", algorithm 2). All weights c_i start at 1. While they sum to more than n - 2f: mu is the
 * weighted mean, (lambda, v) the top eigenpair of the weighted covariance, t_i = <x_i - mu, v>^2, and c_i becomes
 * c_i (1 - t_i/t_max). The answer is the mu of least lambda. f = 0 gives the mean.
 *
 * With t_max over the updates of positive weight each step takes one more out, so there are at most n. Over all, a far
 * update that is out already leaves the others nearly as they are: then the filter ends after some steps (n, or up to
 * 1,000 while there are few updates).
 *
 * Robust with kappa = 4f/(n-f) (1 + f/(n-2f))^2 in the spectral sense: ||F - mean_S||^2 is at most kappa times the top
 * eigenvalue of the covariance of any S of n - f updates. No bound on its sensitivity is proven that falls with n.
 */
export function caf({
  numByzantine: f,
  tauMax,
}: {
  readonly numByzantine: number;
  readonly tauMax: TauMax;
}): CombiningRule {
  return {
    kind: "combine",
    name: "CAF",
    feasible: (n) => n > 2 * f && n <= MOST_UPDATES,
    requirement: `at least ${2 * f + 1} updates (n >= 2f + 1, f = ${f}) and at most ${MOST_UPDATES}, as it takes n^4 steps`,
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    isLong: true,
    weighted: false,
    needs: {},
    combine: ({ geometry }) => {
      const weights = filtered(geometry, geometry.numUpdates - 2 * f, tauMax);
      return { coefficients: onUpdates(geometry, sharesOf(weights)), perUpdate: { filterWeight: weights } };
    },
  };
}

/** The weights of least top eigenvalue among those that the filter comes by. */
function filtered(geometry: Geometry, leastTotal: number, tauMax: TauMax): Float64Array {
  let weights: Float64Array = new Float64Array(geometry.numUpdates).fill(1);
  let best = weights;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < maxSteps(geometry.numUpdates); step++) {
    const { eigenvalue, deviations } = topDirection(geometry, weights);
    if (eigenvalue < least) {
      least = eigenvalue;
      best = weights;
    }
    const greatest = deviations.reduce(
      (most, deviation, i) => (tauMax === "all" || (weights[i] as number) > 0 ? Math.max(most, deviation) : most),
      0,
    );
    if (greatest === 0) break;
    weights = weights.map((weight, i) => (weight > 0 ? weight * (1 - (deviations[i] as number) / greatest) : 0));
    if (sumOf(weights) <= leastTotal) break;
  }
  return best;
}

/**
 * Top eigenvalue of the covariance under the weights, and the squared deviations of the updates along its eigenvector,
 * up to a common factor. With c_i scaled to sum 1 and u the top eigenvector of the n x n matrix
 * sqrt(c_i c_j) <x_i - mu, x_j - mu>, v is proportional to sum_j sqrt(c_j) u_j (x_j - mu).
 */
function topDirection(geometry: Geometry, weights: Float64Array) {
  const n = weights.length;
  const shares = sharesOf(weights);
  const rows = Array.from(weights, (_, i) => i + 1);
  const gram = centredGram(geometry, rows, shares);
  const roots = shares.map(Math.sqrt);
  const scaled = gram.map((product, at) => (roots[Math.floor(at / n)] as number) * (roots[at % n] as number) * product);
  const { values, vectors } = symmetricEigen(scaled, n);
  const direction = roots.map((root, j) => root * (vectors[j] as number));
  const deviations = Float64Array.from(
    { length: n },
    (_, i) => direction.reduce((sum, factor, j) => sum + factor * (gram[i * n + j] as number), 0) ** 2,
  );
  return { eigenvalue: Math.max(0, values[0] as number), deviations };
}

function sharesOf(weights: Float64Array): Float64Array {
  const total = sumOf(weights);
  return weights.map((weight) => weight / total);
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
