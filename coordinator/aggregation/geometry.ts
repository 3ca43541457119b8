import { BLOCK_LENGTH } from "../../core/vector/kernels/layout.ts";
import { addPairsOf, type DistancePath } from "../../core/vector/kernels/pairwise.ts";
import { squaredNormOfSums, weightedSum } from "../../core/vector/kernels/weighted-sum.ts";
import { blocksOf, pause, type Rows } from "./rows.ts";
import type { Geometry, Mixing } from "./rule.ts";

/** One pass over the rows: their squared distances and inner products, with the origin as row 0. */
export async function measure(rows: Rows, path: DistancePath): Promise<Geometry> {
  const n = rows.sources.length;
  const sums = { numRows: n, squaredDistances: new Float64Array(n * n), innerProducts: new Float64Array(n * n) };
  for await (const { block, length } of blocksOf(rows)) {
    for (let i = 0; i < n; i++) {
      addPairsOf(i, block, length, path, sums);
      await pause(rows.signal);
    }
  }
  const geometry = emptyGeometry(n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const at = i * n + j;
      setPair(geometry, i + 1, j + 1, sums.squaredDistances[at] as number, sums.innerProducts[at] as number);
    }
    setPair(geometry, 0, i + 1, sums.innerProducts[i * n + i] as number, 0);
  }
  return geometry;
}

/** Relative error that a mixed distance may have before it is computed from the rows instead. */
const TOLERANCE = 1e-9;
/** Squared distances below it are as good as zero to every rule: the square of the smoothing of a geometric median. */
const NEGLIGIBLE = 1e-12;

/**
 * The geometry of the mixed rows, from that of the rows. For w = a - b, completed to sum 0 by the origin,
 * ||Xw||^2 = -1/2 w'Dw = w'Gw: the first is accurate where rows are close to one another, the second where they are
 * close to the origin or scaled down to it. Where neither is accurate enough the rows are read again.
 */
export async function mixGeometry(geometry: Geometry, mixing: Mixing, rows: Rows): Promise<Geometry> {
  const m = mixing.numOutputs;
  const mixed = emptyGeometry(m);
  const inaccurate: { i: number; j: number; weights: Float64Array }[] = [];
  for (let i = 0; i <= m; i++) {
    for (let j = i + 1; j <= m; j++) {
      const weights = difference(mixing, i, j);
      const { value, bound } = squaredNorm(geometry, weights);
      setPair(mixed, i, j, value, innerProduct(geometry, mixing, i, j));
      if (bound > TOLERANCE * Math.max(value, NEGLIGIBLE)) inaccurate.push({ i, j, weights });
    }
    await pause(rows.signal);
  }
  const again = await squaredNormsFromRows(
    rows,
    inaccurate.map((pair) => pair.weights),
  );
  inaccurate.forEach(({ i, j }, k) => {
    setPair(mixed, i, j, again[k] as number, mixed.innerProducts[i * (m + 1) + j] as number);
  });
  for (let i = 1; i <= m; i++) setPair(mixed, i, i, 0, mixed.squaredDistances[i] as number);
  return mixed;
}

/** Row i of the mixing matrix, where output 0 is the origin, which no row mixes into. */
function mixingRow({ numRows, values }: Mixing, i: number): Float64Array {
  return i === 0 ? new Float64Array(numRows) : values.subarray((i - 1) * numRows, i * numRows);
}

/** Weights over the rows of the difference of two mixed rows; the origin takes what is missing to sum 0. */
function difference(mixing: Mixing, i: number, j: number): Float64Array {
  const subtrahend = mixingRow(mixing, j);
  const weights = mixingRow(mixing, i).map((weight, k) => weight - (subtrahend[k] as number));
  weights[0] = 0;
  weights[0] = -weights.reduce((sum, weight) => sum + weight, 0);
  return weights;
}

interface Bounded {
  readonly value: number;
  /** On the rounding error of the value. */
  readonly bound: number;
}

/** ||Xw||^2 by the formula of the smaller error, clamped at 0. */
function squaredNorm(geometry: Geometry, weights: Float64Array): Bounded {
  const byDistances = fromDistances(geometry, weights);
  const byProducts = fromProducts(geometry, weights);
  const { value, bound } = byDistances.bound <= byProducts.bound ? byDistances : byProducts;
  return { value: Math.max(0, value), bound };
}

/** -1/2 w'Dw, with error about eps * sum |w_i||w_j| D_ij. */
function fromDistances({ numRows, squaredDistances }: Geometry, weights: Float64Array): Bounded {
  let value = 0;
  let magnitude = 0;
  for (let i = 0; i < numRows; i++) {
    const a = weights[i] as number;
    if (a === 0) continue;
    for (let j = i + 1; j < numRows; j++) {
      const term = a * (weights[j] as number) * (squaredDistances[i * numRows + j] as number);
      value -= term;
      magnitude += Math.abs(term);
    }
  }
  return { value, bound: 2 * Number.EPSILON * magnitude };
}

/** w'Gw, with error about eps * (sum |w_i| ||x_i||)^2. */
function fromProducts({ numRows, innerProducts }: Geometry, weights: Float64Array): Bounded {
  let value = 0;
  let reach = 0;
  for (let i = 1; i < numRows; i++) {
    const a = weights[i] as number;
    if (a === 0) continue;
    const squared = innerProducts[i * numRows + i] as number;
    value += a * a * squared;
    reach += Math.abs(a) * Math.sqrt(squared);
    for (let j = i + 1; j < numRows; j++) {
      value += 2 * a * (weights[j] as number) * (innerProducts[i * numRows + j] as number);
    }
  }
  return { value, bound: Number.EPSILON * reach * reach };
}

function innerProduct({ numRows, innerProducts }: Geometry, mixing: Mixing, i: number, j: number): number {
  const left = mixingRow(mixing, i);
  const right = mixingRow(mixing, j);
  let sum = 0;
  for (let k = 1; k < numRows; k++) {
    const a = left[k] as number;
    if (a === 0) continue;
    for (let l = 1; l < numRows; l++) sum += a * (right[l] as number) * (innerProducts[k * numRows + l] as number);
  }
  return sum;
}

/** ||Xw||^2 for each w, in one pass over the rows. */
async function squaredNormsFromRows(rows: Rows, weights: readonly Float64Array[]): Promise<Float64Array> {
  const norms = new Float64Array(weights.length);
  if (weights.length === 0) return norms;
  const sums = new Float64Array(BLOCK_LENGTH);
  for await (const { block } of blocksOf(rows)) {
    for (const [k, w] of weights.entries()) {
      weightedSum(block, w.subarray(1), sums);
      norms[k] = (norms[k] as number) + squaredNormOfSums(sums);
      await pause(rows.signal);
    }
  }
  return norms;
}

function emptyGeometry(numUpdates: number): Geometry {
  const numRows = numUpdates + 1;
  return {
    numUpdates,
    numRows,
    squaredDistances: new Float64Array(numRows * numRows),
    innerProducts: new Float64Array(numRows * numRows),
  };
}

function setPair({ numRows, squaredDistances, innerProducts }: Geometry, i: number, j: number, d: number, g: number) {
  squaredDistances[i * numRows + j] = d;
  squaredDistances[j * numRows + i] = d;
  innerProducts[i * numRows + j] = g;
  innerProducts[j * numRows + i] = g;
}
