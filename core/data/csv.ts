import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { FederationError } from "../errors.ts";
import { type CsvColumns, type CsvFeature, widthOf } from "./csv-columns.ts";
import { floatDataset, type HeldDataset } from "./dataset.ts";
import { unreadable } from "./idx.ts";

const MAX_RECORD_BYTES = 1 << 20;

/** A cell that cannot be used. What it holds is a site's own affair and stays out of the message. */
class BadCell extends Error {}

/**
 * Reads a comma-separated table (RFC 4180) whose first line names its columns. Columns that the map does not name are
 * ignored.
 *
 * @returns one row of inputs per record, values scaled as the map says
 * @throws FILE_MISSING; DATA_FILE_INVALID with the path, the line and the column, never with what the cell holds
 */
export async function readCsvDataset(path: string, columns: CsvColumns): Promise<HeldDataset> {
  const invalid = (reason: string, cause?: unknown) =>
    new FederationError("DATA_FILE_INVALID", `${path}: ${reason}`, { cause });
  const { inputs, labels } = await rowsOf(path, columns).catch((cause: unknown) => {
    if (cause instanceof BadCell) throw invalid(cause.message, cause);
    if (cause instanceof CsvError) throw invalid(`line ${String(cause["lines"])}: ${TOLD[cause.code] ?? cause.code}`);
    throw unreadable(path, cause);
  });
  if (labels.length === 0) throw invalid("holds no examples");
  return floatDataset(Float32Array.from(inputs), Int32Array.from(labels), [inputs.length / labels.length]);
}

const TOLD: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "has more or fewer cells than the first line",
  CSV_RECORD_INCONSISTENT_COLUMNS: "has more or fewer cells than the first line",
  CSV_MAX_RECORD_SIZE: `is longer than ${MAX_RECORD_BYTES} bytes (a quote that is not closed?)`,
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  INVALID_OPENING_QUOTE: "a quote in the middle of a cell",
  CSV_INVALID_CLOSING_QUOTE: "text after a closing quote",
};

interface Rows {
  readonly inputs: number[];
  readonly labels: number[];
}

async function rowsOf(path: string, { delimiter, label, features }: CsvColumns): Promise<Rows> {
  const rows: Rows = { inputs: [], labels: [] };
  const names = (header: string[]) => withoutTwins(header, [label.column, ...features.map((it) => it.column)]);
  const options = { delimiter, bom: true, trim: true, skip_empty_lines: true, info: true, columns: names };
  const parser = parse({ ...options, max_record_size: MAX_RECORD_BYTES });
  let bad: unknown;
  const take = async (records: AsyncIterable<ParsedRecord>) => {
    for await (const { record, info } of records) {
      const cell = (column: string) => ({ text: record[column] ?? "", where: `line ${info.lines}, "${column}"` });
      rows.labels.push(positionIn(label.classes, cell(label.column)));
      for (const feature of features) rows.inputs.push(...inputsOf(feature, cell(feature.column)));
    }
  };
  const reading = (records: AsyncIterable<ParsedRecord>) =>
    take(records).catch((error: unknown) => {
      bad = error;
      throw error;
    });
  // of a reader that throws in the middle a pipeline tells only that it was aborted
  await pipeline(createReadStream(path), parser, reading).catch((error: unknown) => {
    throw bad ?? error;
  });
  return rows;
}

interface ParsedRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** The header as it is, once every column that is wanted is known to be there, and once only. */
function withoutTwins(header: string[], wanted: readonly string[]): string[] {
  for (const name of wanted) {
    const times = header.filter((it) => it === name).length;
    if (times !== 1) throw new BadCell(times === 0 ? `has no column "${name}"` : `has ${times} columns "${name}"`);
  }
  return header;
}

interface Cell {
  readonly text: string;
  readonly where: string;
}

function inputsOf(feature: CsvFeature, cell: Cell): number[] {
  if ("oneOf" in feature) {
    const chosen = cell.text === "" && feature.missing === "none" ? -1 : positionIn(feature.oneOf, cell);
    return Array.from({ length: widthOf(feature) }, (_, i) => (i === chosen ? 1 : 0));
  }
  const value = cell.text === "" ? feature.missing : Number(cell.text);
  if (value === undefined) throw new BadCell(`${cell.where}: is empty, and the map has no value for missing ones`);
  if (!Number.isFinite(value)) throw new BadCell(`${cell.where}: is not a number`);
  return [(value - feature.min) / (feature.max - feature.min)];
}

function positionIn(names: readonly string[], { text, where }: Cell): number {
  const position = names.indexOf(text);
  if (position < 0) throw new BadCell(`${where}: is none of ${names.slice(0, 10).join(", ")}`);
  return position;
}
