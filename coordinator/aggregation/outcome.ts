import type { ColumnsObserved, InnerProducts, RowSource, Rows, SeededInput } from "./engine/engine.ts";
import { selectedOutputs, throughMixing, withReferences } from "./mixing.ts";
import { observes } from "./observations.ts";
import type { Aggregate, AggregationInput } from "./pipeline.ts";
import { type Remembered, remembered } from "./remembering.ts";
import type { RoundRows } from "./round-rows.ts";
import type { AveragingRule, ColumnRule, CombiningRule, Mixing, NextMemory, Rule } from "./rule.ts";
import { inGeometry, samplesOf, seedOf, signCountsOf, streamOf } from "./rule-input.ts";

/** What the rule makes of the rows that the pre-aggregators leave. */
export interface Outcome extends Pick<Aggregate, "values" | "coefficients" | "memory"> {
  readonly remarks?: readonly string[];
  readonly perUpdate?: Readonly<Record<string, Float64Array>>;
  readonly outsideFraction: Float64Array | undefined;
  /** How much of each row is in the values, references included, where the rule weighs the rows of a geometry. */
  readonly ofAllRows?: Float64Array;
  /** Of the updates with the values, where the pass that made these has looked at them. */
  readonly products?: InnerProducts | undefined;
}

export interface Mixed {
  readonly input: AggregationInput;
  readonly rows: RoundRows;
  readonly mixing: Mixing | undefined;
  /** One for each row that is left. */
  readonly weights: Float64Array;
}

export async function outcomeOf(rule: Rule, mixed: Mixed): Promise<Outcome> {
  switch (rule.kind) {
    case "average":
      return averaged(rule, mixed);
    case "combine":
      return combined(rule, mixed);
    case "column":
      return byColumn(rule, mixed);
  }
}

async function averaged(rule: AveragingRule, mixed: Mixed): Promise<Outcome> {
  const coefficients = overGivenRows(rule.average(mixed.weights), mixed);
  const [values] = await mixed.input.engine.weightedSums(mixed.rows.updates, [coefficients]);
  const ofAllRows = coefficients;
  return { values: values as Float32Array, coefficients, memory: undefined, outsideFraction: undefined, ofAllRows };
}

async function combined(rule: CombiningRule, mixed: Mixed): Promise<Outcome> {
  const { engine, rows: updates } = mixed.input;
  const { coefficients: ofMixed, memory, ...told } = await engine.combine(rule, await inputOf(rule, mixed));
  const coefficients = overGivenRows(ofMixed.subarray(1), mixed);
  const [values] = await engine.weightedSums(mixed.rows.all, [coefficients]);
  return {
    values: values as Float32Array,
    coefficients: coefficients.subarray(0, updates.length),
    memory: memory && remembering(memory, mixed),
    outsideFraction: undefined,
    ofAllRows: coefficients,
    ...told,
  };
}

function remembering({ vectors, numbers }: NextMemory, mixed: Mixed): Remembered {
  const { input, rows } = mixed;
  const ofRows = [...vectors].map(([name, it]) => [name, overGivenRows(it.subarray(1), mixed)] as const);
  const before = new Map([...rows.references.vectors].map(([name, place]) => [name, input.rows.length + place]));
  return remembered({ vectors: new Map(ofRows), numbers }, { engine: input.engine, rows: rows.all, before });
}

async function inputOf({ needs }: CombiningRule, mixed: Mixed): Promise<SeededInput> {
  const { input, rows, mixing } = mixed;
  const { engine, pipeline, seed } = input;
  const step = pipeline.preAggregators.length;
  const geometry = await rows.geometryOf(mixing);
  return {
    geometry,
    weights: mixed.weights,
    clientIds: input.clientIds,
    ...inGeometry(rows.references, geometry.numUpdates, input.memory),
    signCounts: await signCountsOf(engine, rows.updates, mixing, needs),
    samples: await samplesOf(engine, rows.updates, mixing, needs, streamOf(seed, step + 1)),
    seed: seedOf(seed, step),
  };
}

async function byColumn(rule: ColumnRule, mixed: Mixed): Promise<Outcome> {
  const { input, rows, mixing, weights } = mixed;
  const { engine, numCoordinates } = input;
  const observe = observes(input);
  const picked = rule.selectRows?.(await rows.geometryOf(mixing));
  if (picked === undefined) {
    const kernel = rule.column(weights.length, weights);
    const { values, observed } = await engine.columns(rows.updates, { mixing, kernel, observe });
    return { ...ofColumns(values), ...(observed && seenIn(observed, numCoordinates)) };
  }
  const ofPicked = Float64Array.from(picked, (row) => weights[row - 1] as number);
  const kernel = rule.column(picked.length, ofPicked);
  const selection = mixing === undefined ? pickedFirst(rows.updates, picked, observe) : undefined;
  const { values, observed } = await engine.columns(selection?.rows ?? rows.updates, {
    mixing: mixing && selectedOutputs(mixing, picked),
    kernel,
    numPicked: picked.length,
    observe,
  });
  if (observed === undefined) return ofColumns(values);
  const { outsideFraction, products } = seenIn(observed, numCoordinates);
  return {
    ...ofColumns(values),
    outsideFraction: inOrder(picked, outsideFraction, weights.length, 1),
    products: selection === undefined ? products : productsInOrder(selection.order, products),
    perUpdate: { picked: inOrder(picked, ofPicked.fill(1), weights.length, 0) },
  };
}

const ofColumns = (values: Float32Array): Outcome => ({
  values,
  coefficients: undefined,
  memory: undefined,
  outsideFraction: undefined,
});

function seenIn({ outside, products }: ColumnsObserved, numCoordinates: number) {
  return { outsideFraction: outside.map((count) => count / numCoordinates), products };
}

/** The columns are made of the picked rows; the others stand behind them where they are compared with what comes out. */
function pickedFirst(updates: Rows, picked: readonly number[], withOthers: boolean) {
  const isPicked = new Set(picked);
  const others = updates.sources.flatMap((_, i) => (isPicked.has(i + 1) ? [] : [i + 1]));
  const order = withOthers ? [...picked, ...others] : picked;
  return { order, rows: { ...updates, sources: order.map((row) => updates.sources[row - 1] as RowSource) } };
}

function productsInOrder(order: readonly number[], products: InnerProducts): InnerProducts {
  const { values, squaredNorms } = products;
  const ofRows = (of: Float64Array) => inOrder(order, of, order.length, 0);
  return { ...products, values: ofRows(values), squaredNorms: ofRows(squaredNorms) };
}

/** The values of these rows (1, 2, ...) at the places of these, and of all others the same. */
function inOrder(rows: readonly number[], values: Float64Array, numRows: number, others: number): Float64Array {
  const all = new Float64Array(numRows).fill(others);
  for (const [k, row] of rows.entries()) all[row - 1] = values[k] as number;
  return all;
}

/** Coefficients over what is left, and references behind it, as coefficients over the rows as they came. */
function overGivenRows(coefficients: Float64Array, { rows, mixing }: Mixed): Float64Array {
  if (mixing === undefined) return coefficients;
  return throughMixing(coefficients, withReferences(mixing, rows.references.sources.length));
}
