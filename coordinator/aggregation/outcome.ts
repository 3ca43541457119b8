import { isMedian } from "../../core/vector/kernels/column.ts";
import type { Rows, SeededInput } from "./engine/engine.ts";
import { selectedOutputs, throughMixing, withReferences } from "./mixing.ts";
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
  return { values: values as Float32Array, coefficients, memory: undefined, outsideFraction: undefined };
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
  const selected = rule.selectRows?.(await rows.geometryOf(mixing));
  const chosen = selected === undefined ? { updates: rows.updates, mixing } : select(rows.updates, mixing, selected);
  const ofChosen = selected === undefined ? weights : Float64Array.from(selected, (row) => weights[row - 1] as number);
  const kernel = rule.column(ofChosen.length, ofChosen);
  // what a median or a selection leaves out says little of the row: it is counted only for those who ask what was kept
  const trims = selected === undefined && !isMedian(kernel);
  const isCounted = input.observe && (trims || input.countKept === true);
  const { values, outside } = await input.engine.columns(chosen.updates, {
    mixing: chosen.mixing,
    kernel,
    countOutside: isCounted,
  });
  const ofChosenRows = outside.map((count) => count / input.numCoordinates);
  const perUpdate = isCounted && !trims ? { kept: keptOf(weights.length, selected, ofChosenRows) } : {};
  const outsideFraction = isCounted && trims ? ofChosenRows : undefined;
  return { values, coefficients: undefined, memory: undefined, outsideFraction, perUpdate };
}

/** Of each row the part of its coordinates that is in the result; none of a row that was not selected. */
function keptOf(numRows: number, selected: readonly number[] | undefined, outside: Float64Array): Float64Array {
  const kept = new Float64Array(numRows);
  for (const [k, part] of outside.entries()) kept[selected === undefined ? k : (selected[k] as number) - 1] = 1 - part;
  return kept;
}

function select(updates: Rows, mixing: Mixing | undefined, selected: readonly number[]) {
  if (mixing !== undefined) return { updates, mixing: selectedOutputs(mixing, selected) };
  const sources = selected.flatMap((row) => updates.sources[row - 1] ?? []);
  return { updates: { ...updates, sources }, mixing };
}

/** Coefficients over what is left, and references behind it, as coefficients over the rows as they came. */
function overGivenRows(coefficients: Float64Array, { rows, mixing }: Mixed): Float64Array {
  if (mixing === undefined) return coefficients;
  return throughMixing(coefficients, withReferences(mixing, rows.references.sources.length));
}
