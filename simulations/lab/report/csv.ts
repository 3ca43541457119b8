import { type CellResult, type CellRun, hasRun } from "../job/result.ts";
import type { Spending } from "../job/spending.ts";
import { labelsOf } from "./labels.ts";
import type { Report } from "./report.ts";
import { contractText } from "./spending.ts";
import { detectionOf } from "./summary.ts";

const COLUMNS = [
  "cell",
  "role",
  "outcome",
  "attack",
  "rule",
  "partition",
  "numByzantine",
  "attackers",
  "clients",
  "seed",
  "rounds",
  "accuracy",
  "worstClientAccuracy",
  "attackSuccess",
  "detectionPrecision",
  "detectionRecall",
  "epsilon",
  "delta",
  "adjacency",
  "secondsPerRound",
  "modelSha256",
  "privacyContract",
  "reason",
] as const;

/** One line per cell (RFC 4180), numbers in full; `role` tells the grid's own from those added for the no-attack cost. */
export function csvOf({ results, baselines }: Pick<Report, "results" | "baselines">): string {
  const rows: readonly Row[] = [
    ...results.map((result) => ({ ...rowOf(result), role: "grid" })),
    ...baselines.map((result) => ({ ...rowOf(result), role: "baseline" })),
  ];
  const lines = rows.map((row) => COLUMNS.map((column) => field(row[column])).join(","));
  return `${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

type Row = Partial<Readonly<Record<(typeof COLUMNS)[number], string | number | null>>>;

function rowOf(result: CellResult): Row {
  const { id, cell, outcome } = result;
  const { attack, defence, partition, numByzantine } = labelsOf(cell);
  const { attackers, clients, seed } = cell;
  const settings = { cell: id, outcome, attack, rule: defence, partition, numByzantine, attackers, clients, seed };
  if (!hasRun(result)) return { ...settings, reason: result.reason };
  const { rounds, modelSha256, seconds, privacy } = result;
  const { precision, recall } = detectionOf(result);
  return {
    ...settings,
    rounds: rounds.length,
    ...lastFigures(result),
    detectionPrecision: precision,
    detectionRecall: recall,
    ...(privacy !== undefined && spendingRow(privacy)),
    secondsPerRound: seconds.total / Math.max(1, rounds.length),
    modelSha256,
  };
}

/** A job that broke has none of its last round. */
function lastFigures({ outcome, reason, accuracy, worstClientAccuracy, attackSuccess }: CellRun): Row {
  return outcome === "broken" ? { reason } : { accuracy, worstClientAccuracy, attackSuccess };
}

function spendingRow(spending: Spending): Row {
  const { delta, adjacency } = spending.contract;
  return { epsilon: spending.epsilon, delta, adjacency, privacyContract: contractText(spending) };
}

function field(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
