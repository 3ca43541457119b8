import type { Observations } from "./pipeline.ts";
import type { Geometry, Mixing } from "./rule.ts";
import { krumFeasible, krumScores } from "./rules/krum-scores.ts";

/** One figure of each update, in the order of the rows; null where it has no finite value. */
export type Figure = readonly (number | null)[];

/**
 * Figures by name; one that was not measured is not there. What a rule says of each update itself is under
 * `rule.<name>`, such as `rule.weight` of GeometricMedian.
 */
export type Figures = Readonly<Record<string, Figure>>;

/** The figures that do not come from a rule, in the order in which people read them (docs/operations.md). */
export const FIGURE_NAMES = [
  "norm",
  "normRatio",
  "cosine",
  "krumScore",
  "krumRank",
  "trimmed",
  "clipFactor",
  "inDegree",
  "coefficient",
] as const;

/**
 * What one aggregation says of each update:
 * - `norm`: ||x_i||, and `normRatio`: ||x_i|| / median_j ||x_j||
 * - `cosine`: <x_i, a> / (||x_i|| ||a||) with the aggregate a, in [-1, 1]
 * - `krumScore`: squared distances to the n - f - 2 nearest others, summed, and `krumRank`, 1 for the least; where
 *   n >= 2f + 3 (Blanchard et al. 2017)
 * - `trimmed`: share of the coordinates in which a rule that works by coordinates left it out; a median keeps its middle
 *   value or values alone, and Bulyan nothing of what its first stage did not pick (`rule.picked` is 0)
 * - `clipFactor`: what NormClipping or ARC scaled it by, unless updates were mixed before
 * - `inDegree`: how many other updates have it among their nearest, under NNM
 * - `coefficient`: how much of it is in the aggregate
 *
 * A figure of mixed rows is handed down to the updates they were mixed from: the mean over the rows, weighted by how
 * much of the update is in each.
 *
 * @param numByzantine f, the number of attackers the plan assumes
 */
export function diagnose(observed: Observations, numByzantine: number): Figures {
  const { norms, mixing, clipFactors, outsideFraction, coefficients, perUpdate } = observed;
  const handedDown = (values: Float64Array) => toUpdates(values, norms.length, mixing);
  const ofRule = Object.entries(perUpdate).map(([name, values]) => [`rule.${name}`, handedDown(values)] as const);
  const measured = {
    norm: norms,
    normRatio: ratios(norms, median(norms)),
    cosine: cosines(observed),
    ...krumFigures(observed.geometry, numByzantine),
    trimmed: outsideFraction && handedDown(outsideFraction),
    clipFactor: clipFactors,
    inDegree: mixing && inDegrees(mixing, norms.length),
    coefficient: coefficients,
    ...Object.fromEntries(ofRule),
  };
  return Object.fromEntries(
    Object.entries(measured).flatMap(([name, values]) => (values === undefined ? [] : [[name, finite(values)]])),
  );
}

/** Of a sorted list the middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length / 2;
  const below = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return below + ((sorted[Math.floor(middle)] ?? Number.NaN) - below) / 2;
}

function finite(values: Float64Array): Figure {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function ratios(values: Float64Array, to: number): Float64Array {
  return values.map((value) => value / to);
}

/** Divided one after the other: the product of two norms can leave the range of a double where their ratio does not. */
function cosines({ norms, innerProductsWithAggregate, aggregateNorm }: Observations): Float64Array {
  return innerProductsWithAggregate.map((product, i) => {
    const cosine = product / (norms[i] as number) / aggregateNorm;
    return Number.isFinite(cosine) ? Math.max(-1, Math.min(1, cosine)) : Number.NaN;
  });
}

function krumFigures(geometry: Geometry | undefined, f: number) {
  if (geometry === undefined || !krumFeasible(geometry.numUpdates, f, "n-f-2")) return {};
  const krumScore = krumScores(geometry, f, "n-f-2");
  return { krumScore, krumRank: ranks(krumScore) };
}

/** 1 for the least; ties go to the lowest row, that is the lowest client id. */
export function ranks(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  for (const [position, i] of order.entries()) result[i] = position + 1;
  return result;
}

/** Undefined for a mixing that mixes nothing, such as clipping, and for one whose rows stand for nobody. */
function inDegrees(mixing: Mixing, numUpdates: number): Float64Array | undefined {
  if (mixing.numOutputs !== numUpdates) return undefined;
  const degrees = new Float64Array(numUpdates);
  for (let i = 0; i < numUpdates; i++) {
    for (let j = 0; j < numUpdates; j++) {
      if (i !== j && share(mixing, i, j) !== 0) degrees[j] = (degrees[j] as number) + 1;
    }
  }
  return degrees.some((degree) => degree > 0) ? degrees : undefined;
}

function toUpdates(values: Float64Array, numUpdates: number, mixing: Mixing | undefined): Float64Array {
  if (mixing === undefined) return values;
  return Float64Array.from({ length: numUpdates }, (_, j) => {
    let total = 0;
    let sum = 0;
    for (let i = 0; i < mixing.numOutputs; i++) {
      const weight = Math.abs(share(mixing, i, j));
      total += weight;
      sum += weight * (values[i] as number);
    }
    return sum / total;
  });
}

/** How much of update j (from 0) is in output row i. */
function share({ numRows, values }: Mixing, i: number, j: number): number {
  return values[i * numRows + 1 + j] as number;
}
