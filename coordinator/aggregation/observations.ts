import type { Engine, Rows } from "./engine/engine.ts";
import { scalingFactors } from "./mixing.ts";
import type { Geometry, Mixing } from "./rule.ts";

/**
 * Raw figures of one aggregation, row by row in the order of the updates. Figures of mixed rows stand in the order of
 * the mixed rows.
 */
export interface Observations {
  readonly norms: Float64Array;
  readonly innerProductsWithAggregate: Float64Array;
  readonly aggregateNorm: number;
  /** Of the updates before they were mixed, where it was measured. */
  readonly geometry: Geometry | undefined;
  /** All pre-aggregation in one, where there is any. */
  readonly mixing: Mixing | undefined;
  /** What each update was scaled by, where a pre-aggregator does nothing else. */
  readonly clipFactors: Float64Array | undefined;
  /** Of each (mixed) row, the part of its coordinates that a column rule left out. */
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
  /** Of each pre-aggregator, over what the one before left. */
  readonly mixings: readonly Mixing[];
}

/** One more pass over the updates. */
export async function observe(engine: Engine, updates: Rows, traces: Traces): Promise<Observations> {
  const { values, mixings, ...seen } = traces;
  const products = await engine.innerProductsWith(updates, values);
  return {
    ...seen,
    norms: products.squaredNorms.map(Math.sqrt),
    innerProductsWithAggregate: products.values,
    aggregateNorm: Math.sqrt(products.squaredNormOfVector),
    clipFactors: productOf(mixings.flatMap((mixing) => scalingFactors(mixing) ?? [])),
  };
}

function productOf(factors: readonly Float64Array[]): Float64Array | undefined {
  if (factors.length === 0) return undefined;
  return factors.reduce((product, each) => product.map((factor, i) => factor * (each[i] as number)));
}
