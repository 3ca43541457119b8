import type { Engine, InnerProducts, Rows } from "./engine/engine.ts";
import { scalingFactors } from "./mixing.ts";
import type { AggregationInput } from "./pipeline.ts";
import type { Geometry, Mixing } from "./rule.ts";

/**
 * Raw figures of one aggregation, row by row in the order of the updates. Figures of mixed rows stand in the order of
 * the mixed rows.
 */
export interface Observations {
  readonly norms: Float64Array;
  readonly innerProductsWithAggregate: Float64Array;
  readonly aggregateNorm: number;
  /** Of the updates before they were mixed, where everything is observed. */
  readonly geometry: Geometry | undefined;
  /** All pre-aggregation in one, where there is any. */
  readonly mixing: Mixing | undefined;
  /** What each update was scaled by before any pre-aggregator mixed them. */
  readonly clipFactors: Float64Array | undefined;
  /** Of each (mixed) row, the part of its coordinates that a column rule left out: all of one that it did not pick. */
  readonly outsideFraction: Float64Array | undefined;
  /** How much of each update is in the aggregate. */
  readonly coefficients: Float64Array | undefined;
  /** What the rule saw of each (mixed) update, by the name of the figure. */
  readonly perUpdate: Readonly<Record<string, Float64Array>>;
}

/** What the steps of an aggregation left behind. */
export interface Traces
  extends Pick<Observations, "geometry" | "mixing" | "outsideFraction" | "coefficients" | "perUpdate"> {
  readonly values: Float32Array;
  /** Coefficients over all rows of the geometry behind the origin, where the values are their sum. */
  readonly ofAllRows?: Float64Array;
  /** Of the updates with the values, where they are there. */
  readonly products?: InnerProducts | undefined;
  /** Of each pre-aggregator, over what the one before left. */
  readonly mixings: readonly Mixing[];
}

/** Whether observations are made. */
export function observes({ observe, pipeline }: Pick<AggregationInput, "observe" | "pipeline">): boolean {
  return observe === "everything" || (observe === "columns" && pipeline.rule.kind === "column");
}

/** From the geometry or the pass that made the aggregate, otherwise in one more pass over the updates. */
export async function observe(engine: Engine, updates: Rows, traces: Traces): Promise<Observations> {
  const { values, ofAllRows, mixings, products: passed, ...seen } = traces;
  const { geometry } = seen;
  const known = geometry && ofAllRows ? productsIn(geometry, ofAllRows) : passed;
  const products = known ?? (await engine.innerProductsWith(updates, values));
  return {
    ...seen,
    norms: products.squaredNorms.map(Math.sqrt),
    innerProductsWithAggregate: products.values,
    aggregateNorm: Math.sqrt(products.squaredNormOfVector),
    clipFactors: clipFactorsOf(mixings),
  };
}

/** With a = sum_j c_j x_j: <x_i, a> = sum_j c_j <x_i, x_j> and ||a||^2 = sum_i c_i <x_i, a>. */
function productsIn(geometry: Geometry, coefficients: Float64Array) {
  const { numUpdates } = geometry;
  const withAggregate = Float64Array.from(coefficients, (_, i) =>
    coefficients.reduce((sum, c, j) => (c === 0 ? sum : sum + c * innerProduct(geometry, i + 1, j + 1)), 0),
  );
  return {
    values: withAggregate.subarray(0, numUpdates),
    squaredNorms: Float64Array.from({ length: numUpdates }, (_, i) => innerProduct(geometry, i + 1, i + 1)),
    squaredNormOfVector: Math.max(
      0,
      coefficients.reduce((sum, c, i) => sum + c * (withAggregate[i] as number), 0),
    ),
  };
}

/**
 * Where only distances were measured, (D_0i + D_0j - D_ij)/2: on float32 distances of norms within a factor of 1,000 a
 * cosine keeps three digits, enough to look at and not enough for a rule.
 */
function innerProduct({ numRows, squaredDistances, innerProducts }: Geometry, i: number, j: number): number {
  const measured = innerProducts[i * numRows + j] as number;
  if (!Number.isNaN(measured)) return measured;
  const distance = (a: number, b: number) => squaredDistances[a * numRows + b] as number;
  return (distance(0, i) + distance(0, j) - distance(i, j)) / 2;
}

/** By the steps up to the first that mixes: what those after it scale stands for no single update. */
function clipFactorsOf(mixings: readonly Mixing[]): Float64Array | undefined {
  let product: Float64Array | undefined;
  for (const mixing of mixings) {
    const factors = scalingFactors(mixing);
    if (factors === undefined) break;
    product = product === undefined ? factors : factors.map((factor, i) => factor * (product?.[i] as number));
  }
  return product;
}
