import type { AggregateOptions } from "../../cli-aggregate.ts";
import { diagnose, type Figure, type Figures } from "../diagnostics.ts";
import type { Aggregate, Pipeline } from "../pipeline.ts";
import type { Dropped, Kept } from "./screen.ts";

/** All that was given, done and found. */
export interface Report {
  readonly options: Pick<AggregateOptions, "numByzantine" | "diagnostics">;
  readonly pipeline: Pipeline;
  readonly numCoordinates: number;
  readonly kept: readonly Kept[];
  readonly dropped: readonly Dropped[];
  readonly result: Aggregate;
}

/** Values on one line of JSON: no string grows with the model. */
const VALUES_PER_LINE = 4096;
const SHOWN_VALUES = 8;

/**
 * One JSON object over several lines. `coefficients`, or for rules that have none `kept`, and every figure have one entry
 * for each update that was not dropped.
 */
export function* json(report: Report): Generator<string> {
  const { options, pipeline, result, numCoordinates, kept, dropped } = report;
  const figures = figuresOf(report);
  const keptShare = figures && keptIn(figures);
  const before = {
    rule: pipeline.rule.name,
    preAggregators: pipeline.preAggregators.map((step) => step.name),
    numUpdates: kept.length,
    numCoordinates,
  };
  const after = {
    ...(result.coefficients && { coefficients: [...result.coefficients] }),
    ...(keptShare && { kept: keptShare }),
    dropped,
    ...(options.diagnostics && { diagnostics: figures }),
    ...(result.remarks.length > 0 && { remarks: result.remarks }),
  };
  yield `${JSON.stringify(before).slice(0, -1)},"aggregate":[`;
  for (let start = 0; start < numCoordinates; start += VALUES_PER_LINE) {
    const end = Math.min(start + VALUES_PER_LINE, numCoordinates);
    yield result.values.subarray(start, end).join() + (end < numCoordinates ? "," : "");
  }
  yield `],${JSON.stringify(after).slice(1)}`;
}

/** For people. */
export function* text(report: Report): Generator<string> {
  const { options, pipeline, result, numCoordinates, kept, dropped } = report;
  const steps = [...pipeline.preAggregators, pipeline.rule].map((step) => step.name).join(" + ");
  yield `${steps}, f = ${options.numByzantine}: ${kept.length} updates of ${numCoordinates} values`;
  for (const { row, file } of dropped) yield `dropped: update ${row} (${file}) holds a value that is not finite`;
  for (const remark of result.remarks) yield `note: ${remark}`;
  yield "";
  yield `aggregate: ${shown(result.values)}`;
  yield "";
  yield* table(kept, shownFigures(report));
}

function shown(values: Float32Array): string {
  const first = Array.from(values.subarray(0, SHOWN_VALUES), (value) => short(value, 7)).join("  ");
  return values.length > SHOWN_VALUES ? `${first}  ... (${values.length} values)` : first;
}

/** Without --diagnostics: how much of each update is in the aggregate, or in how many of its coordinates it was kept. */
function shownFigures(report: Report): Figures {
  const { coefficients } = report.result;
  if (report.options.diagnostics) return figuresOf(report) ?? {};
  if (coefficients !== undefined) return { coefficient: [...coefficients] };
  const share = keptIn(figuresOf(report));
  return share === undefined ? {} : { kept: share };
}

/** Of rules that work by coordinates. */
function keptIn(figures: Figures | undefined): Figure | undefined {
  return figures?.["trimmed"]?.map((share) => (share === null ? null : 1 - share));
}

function figuresOf({ result, options }: Report): Figures | undefined {
  return result.observations && diagnose(result.observations, options.numByzantine);
}

/** A line for each update, a column for each figure. */
function* table(kept: readonly Kept[], figures: Figures): Generator<string> {
  const columns = [
    ["update", ...kept.map(({ name }) => name)],
    ...Object.entries(figures).map(([name, figure]) => [
      name,
      ...figure.map((value) => (value === null ? "-" : short(value, 5))),
    ]),
  ];
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  for (let line = 0; line <= kept.length; line++) {
    yield columns
      .map((cells, i) => (cells[line] ?? "").padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  }
}

function short(value: number, digits: number): string {
  return `${Number(value.toPrecision(digits))}`;
}
