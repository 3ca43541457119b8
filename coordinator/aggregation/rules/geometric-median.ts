import type { CombiningRule, Geometry } from "../rule.ts";
import { onUpdates } from "./measures.ts";
import { distancesTo, dot } from "./point.ts";
import { honestMajority, majorityRequirement } from "./weights.ts";

/** Where the iteration begins: the weighted mean of the updates, or the zero vector as in ByzFL. */
export type Start = "mean" | "zero";

export interface GeometricMedianParameters {
  readonly numByzantine: number;
  /** Distances below it count as it, so that an update that the iterate falls on gets a finite weight. */
  readonly nu: number;
  readonly maxIterations: number;
  /** A step ends the iteration when it is at most this fraction of the distance to the updates. */
  readonly tolerance: number;
  readonly start: Start;
}

/**
 * The geometric median, the point of least summed distance to the updates, by the smoothed Weiszfeld algorithm of RFA
 * (Pillutla et al. 2022, algorithm 2): z becomes sum_i beta_i x_i / sum_i beta_i with
 * beta_i = w_i / max(nu, ||z - x_i||), until it moves no more. Robust with kappa = 4 (1 + f/(n-2f))^2 (Allouah et al.
 * 2023), up to nu, while f updates hold less than half of the weight.
 *
 * The more of the weight attackers hold and the farther they are, the longer it takes to come back from the mean: each
 * step leaves about f/(n-f) of the way. Where that takes too long, it begins once more at the medoid, the update of least
 * summed distance: no farther summed than any honest update, it is near the honest ones whatever attackers send, and no
 * step leads to a greater sum. No bound on its sensitivity is proven that falls with n.
 */
export function geometricMedian(parameters: GeometricMedianParameters): CombiningRule {
  const { numByzantine: f, maxIterations, tolerance } = parameters;
  return {
    kind: "combine",
    name: "GeometricMedian",
    feasible: (n, weights) => honestMajority(f, n, weights),
    requirement: majorityRequirement(f),
    sensitivity: (_n, clipNorm) => 2 * clipNorm,
    carriesCentralNoise: false,
    isLong: true,
    weighted: true,
    needs: { innerProducts: true },
    combine: ({ geometry, weights }) => {
      const { point, settled } = median(geometry, weights, parameters);
      return {
        coefficients: point,
        perUpdate: { geometricMedianWeight: point.slice(1, 1 + geometry.numUpdates) },
        ...(!settled &&
          tolerance > 0 && { remarks: [`GeometricMedian was still moving after ${maxIterations} iterations`] }),
      };
    },
  };
}

interface Iterated {
  /** Coefficients over all rows. */
  readonly point: Float64Array;
  readonly settled: boolean;
}

function median(geometry: Geometry, weights: Float64Array, parameters: GeometricMedianParameters): Iterated {
  const { start, tolerance } = parameters;
  const found = iterate(
    start === "mean" ? shares(weights, geometry) : atRow(0, geometry),
    geometry,
    weights,
    parameters,
  );
  // without a tolerance so many steps were asked for, and no more
  return found.settled || tolerance === 0 ? found : iterate(medoid(geometry, weights), geometry, weights, parameters);
}

function iterate(
  start: Float64Array,
  geometry: Geometry,
  weights: Float64Array,
  { nu, maxIterations, tolerance }: GeometricMedianParameters,
): Iterated {
  let point = start;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const distances = distancesTo(geometry, point);
    const next = shares(
      weights.map((weight, i) => weight / Math.max(nu, distances[i + 1] as number)),
      geometry,
    );
    // sum_i (c'_i - c_i) (x_i - z) is the step; its terms are summed without regard to their directions
    const step = distances.reduce(
      (sum, distance, i) => sum + Math.abs((next[i] as number) - (point[i] as number)) * distance,
      0,
    );
    const reach = distances.reduce((sum, distance, i) => sum + (next[i] as number) * distance, 0);
    point = next;
    if (step <= tolerance * reach) return { point, settled: true };
  }
  return { point, settled: false };
}

/** Coefficients over all rows in proportion to the weights of the updates. */
function shares(weights: Float64Array, geometry: Geometry): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return onUpdates(
    geometry,
    weights.map((weight) => weight / total),
  );
}

/** The update of least summed distance to the others. */
function medoid(geometry: Geometry, weights: Float64Array): Float64Array {
  const { numRows, squaredDistances } = geometry;
  const summed = weights.map((_, i) => {
    const first = (i + 1) * numRows + 1;
    return dot(weights, squaredDistances.subarray(first, first + weights.length).map(Math.sqrt));
  });
  return atRow(1 + summed.indexOf(summed.reduce((least, sum) => Math.min(least, sum))), geometry);
}

/** Row 0 is the origin. */
function atRow(row: number, { numRows }: Geometry): Float64Array {
  const coefficients = new Float64Array(numRows);
  coefficients[row] = 1;
  return coefficients;
}
