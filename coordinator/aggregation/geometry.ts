import type { PairSums } from "../../core/vector/kernels/pairwise.ts";
import type { Engine, PairOptions, Rows } from "./engine/engine.ts";
import { differencesOf, emptyGeometry, type Pair, setPair } from "./mixed-geometry.ts";
import type { Geometry, Mixing } from "./rule.ts";

export interface Measuring extends Pick<PairOptions, "path" | "innerProducts"> {
  /** Updates come first among the rows, references behind them. */
  readonly numUpdates: number;
  /** Whether anyone reads what lies between two updates; if not, it is NaN, and the pass is as short as one over a row each. */
  readonly betweenUpdates: boolean;
  /** Sums of the first rows, where they are there already. */
  readonly measured?: PairSums | undefined;
}

/** One pass over the rows: their squared distances and inner products, with the origin as row 0. */
export async function measure(engine: Engine, rows: Rows, options: Measuring): Promise<Geometry> {
  const { path, innerProducts, numUpdates, betweenUpdates, measured } = options;
  const n = rows.sources.length;
  const numMeasured = measured?.numRows ?? 0;
  const firstRow = measured === undefined && !betweenUpdates ? numUpdates : numMeasured;
  const allNorms = firstRow > numMeasured;
  const sums = numMeasured < n ? await engine.pairs(rows, { path, innerProducts, firstRow, allNorms }) : undefined;
  const geometry = emptyGeometry(numUpdates, n + 1);
  for (let j = 0; j < n; j++) {
    setColumn(geometry, j, (j < numMeasured ? measured : sums) as PairSums, j < numMeasured || j >= firstRow);
  }
  return geometry;
}

/** The pairs of row j (from 0) with those before it, or where they were not taken its norm alone. */
function setColumn(geometry: Geometry, j: number, sums: PairSums, isTaken: boolean): void {
  const { numRows, squaredDistances, innerProducts } = sums;
  for (let i = 0; i < j; i++) {
    const at = i * numRows + j;
    const [d, g] = isTaken ? [squaredDistances[at] as number, innerProducts[at] as number] : NOT_MEASURED;
    setPair(geometry, i + 1, j + 1, d, g);
  }
  const squaredNorm = innerProducts[j * numRows + j] as number;
  setPair(geometry, j + 1, j + 1, 0, squaredNorm);
  setPair(geometry, 0, j + 1, squaredNorm, 0);
}

const NOT_MEASURED = [Number.NaN, Number.NaN] as const;

/**
 * The geometry of the mixed rows, the first `numUpdates` of them updates (mixed-geometry.ts). Where neither of its formulas is
 * accurate enough the rows are read again.
 */
export async function mixGeometry(
  engine: Engine,
  geometry: Geometry,
  mixing: Mixing,
  rows: Rows,
  numUpdates = mixing.numOutputs,
): Promise<Geometry> {
  const { geometry: mixed, inaccurate } = await engine.mix(geometry, mixing, numUpdates);
  const { numRows, squaredDistances, innerProducts } = mixed;
  for (const { i, j, value } of await fromRows(engine, rows, mixing, inaccurate)) {
    setPair(mixed, i, j, value, innerProducts[i * numRows + j] as number);
  }
  for (let i = 1; i < numRows; i++) setPair(mixed, i, i, 0, squaredDistances[i] as number);
  return mixed;
}

/** Weights that are in memory at one time, over all pairs of one pass. */
const WEIGHTS_AT_ONCE = 1 << 20;

/** Squared distances of mixed rows, summed over the rows themselves: as many passes as there are batches of pairs. */
async function fromRows(engine: Engine, rows: Rows, mixing: Mixing, pairs: readonly Pair[]) {
  const batch = Math.max(1, Math.floor(WEIGHTS_AT_ONCE / mixing.numRows));
  const found: (Pair & { readonly value: number })[] = [];
  for (let start = 0; start < pairs.length; start += batch) {
    const some = pairs.slice(start, start + batch);
    const values = await engine.squaredNorms(rows, differencesOf(mixing, some));
    for (const [k, pair] of some.entries()) found.push({ ...pair, value: values[k] as number });
  }
  return found;
}
