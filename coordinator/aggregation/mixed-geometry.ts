import type { Geometry, Mixing } from "./rule.ts";

/** Relative error that a mixed distance may have before it is computed from the rows instead. */
const TOLERANCE = 1e-9;
/** Squared distances below it are as good as zero to every rule: the square of the smoothing of a geometric median. */
const NEGLIGIBLE = 1e-12;

/** Two rows of a geometry, 0 being the origin. */
export interface Pair {
  readonly i: number;
  readonly j: number;
}

export interface MixedGeometry {
  readonly geometry: Geometry;
  /** Pairs whose squared distance is to be computed from the rows. */
  readonly inaccurate: readonly Pair[];
}

/**
 * The geometry of the mixed rows, the first `numUpdates` of them updates, from that of the rows with its inner
 * products. For w = a - b, completed to sum 0 by the origin, ||Xw||^2 = -1/2 w'Dw = w'Gw: the first is accurate where
 * rows are close to one another, the second where they are close to the origin or scaled down to it.
 */
export function mixedGeometry(geometry: Geometry, mixing: Mixing, numUpdates: number): MixedGeometry {
  const m = mixing.numOutputs;
  const mixed = emptyGeometry(numUpdates, m + 1);
  const products = mixedProducts(geometry, mixing);
  const inaccurate: Pair[] = [];
  const difference = sparse(geometry.numRows);
  for (let i = 0; i <= m; i++) {
    for (let j = i + 1; j <= m; j++) {
      setDifference(difference, mixing, i, j);
      const { value, bound } = squaredNorm(geometry, difference);
      setPair(mixed, i, j, value, products[i * (m + 1) + j] as number);
      if (bound > TOLERANCE * Math.max(value, NEGLIGIBLE)) inaccurate.push({ i, j });
    }
  }
  return { geometry: mixed, inaccurate };
}

/** Weights over the mixed rows' rows, the origin not among them, that give the difference of each pair. */
export function differencesOf(mixing: Mixing, pairs: readonly Pair[]): readonly Float64Array[] {
  const difference = sparse(mixing.numRows);
  return pairs.map(({ i, j }) => {
    setDifference(difference, mixing, i, j);
    return withoutOrigin(difference);
  });
}

/** M G M' over the outputs and, as row 0, the origin. */
function mixedProducts({ numRows, innerProducts }: Geometry, { numOutputs, values }: Mixing): Float64Array {
  const size = numOutputs + 1;
  const products = new Float64Array(size * size);
  const half = new Float64Array(numRows);
  for (let i = 0; i < numOutputs; i++) {
    half.fill(0);
    for (let k = 1; k < numRows; k++) addScaled(half, values[i * numRows + k] as number, innerProducts, k * numRows);
    for (let j = i; j < numOutputs; j++) {
      let sum = 0;
      for (let l = 1; l < numRows; l++) {
        const weight = values[j * numRows + l] as number;
        // what is not measured is not a number
        if (weight !== 0) sum += (half[l] as number) * weight;
      }
      products[(i + 1) * size + j + 1] = sum;
    }
  }
  return products;
}

function addScaled(into: Float64Array, factor: number, matrix: Float64Array, start: number): void {
  if (factor === 0) return;
  for (let l = 0; l < into.length; l++) into[l] = (into[l] as number) + factor * (matrix[start + l] as number);
}

/** Weights over the rows of the geometry: `count` of them, on `indices`, the rest 0. */
interface SparseWeights {
  count: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

const sparse = (numRows: number): SparseWeights => ({
  count: 0,
  indices: new Int32Array(numRows),
  weights: new Float64Array(numRows),
});

/** The difference of two mixed rows, output 0 being the origin; the origin takes what is missing to sum 0. */
function setDifference(into: SparseWeights, { numRows, values }: Mixing, i: number, j: number): void {
  let count = 1;
  let sum = 0;
  for (let k = 1; k < numRows; k++) {
    const minuend = i === 0 ? 0 : (values[(i - 1) * numRows + k] as number);
    const weight = minuend - (values[(j - 1) * numRows + k] as number);
    if (weight === 0) continue;
    into.indices[count] = k;
    into.weights[count] = weight;
    sum += weight;
    count++;
  }
  into.indices[0] = 0;
  into.weights[0] = -sum;
  into.count = count;
}

function withoutOrigin({ count, indices, weights }: SparseWeights): Float64Array {
  const dense = new Float64Array(indices.length - 1);
  for (let a = 1; a < count; a++) dense[(indices[a] as number) - 1] = weights[a] as number;
  return dense;
}

interface Bounded {
  readonly value: number;
  /** On the rounding error of the value. */
  readonly bound: number;
}

/**
 * ||Xw||^2 by the formula of the smaller error, clamped at 0: -1/2 w'Dw, with error about eps * sum |w_i||w_j| D_ij, or
 * w'Gw, with error about eps * (sum |w_i| ||x_i||)^2.
 */
function squaredNorm({ numRows, squaredDistances, innerProducts }: Geometry, w: SparseWeights): Bounded {
  const { count, indices, weights } = w;
  let byDistances = 0;
  let magnitude = 0;
  let byProducts = 0;
  let reach = 0;
  for (let a = 0; a < count; a++) {
    const weight = weights[a] as number;
    const start = (indices[a] as number) * numRows;
    const squared = innerProducts[start + (indices[a] as number)] as number;
    reach += Math.abs(weight) * Math.sqrt(squared);
    let cross = 0;
    for (let b = a + 1; b < count; b++) {
      const other = weights[b] as number;
      const at = start + (indices[b] as number);
      const term = weight * other * (squaredDistances[at] as number);
      byDistances -= term;
      magnitude += Math.abs(term);
      cross += other * (innerProducts[at] as number);
    }
    byProducts += weight * (weight * squared + 2 * cross);
  }
  const ofDistances = 2 * Number.EPSILON * magnitude;
  const ofProducts = Number.EPSILON * reach * reach;
  return ofDistances <= ofProducts
    ? { value: Math.max(0, byDistances), bound: ofDistances }
    : { value: Math.max(0, byProducts), bound: ofProducts };
}

export function emptyGeometry(numUpdates: number, numRows: number): Geometry {
  return {
    numUpdates,
    numRows,
    squaredDistances: new Float64Array(numRows * numRows),
    innerProducts: new Float64Array(numRows * numRows),
  };
}

export function setPair(
  { numRows, squaredDistances, innerProducts }: Geometry,
  i: number,
  j: number,
  d: number,
  g: number,
) {
  squaredDistances[i * numRows + j] = d;
  squaredDistances[j * numRows + i] = d;
  innerProducts[i * numRows + j] = g;
  innerProducts[j * numRows + i] = g;
}
