import { FIGURE_NAMES } from "../aggregation/diagnostics.ts";
import { ANSWER_FIGURES } from "./diagnosis.ts";
import type { JobReport, RoundReport } from "./job-report.ts";

/** Heads of the table's columns, where they differ from the figure's name. */
const HEADS: Readonly<Record<string, string>> = {
  normRatio: "/median",
  krumScore: "krum",
  krumRank: "rank",
  clipFactor: "clip",
  inDegree: "in-degree",
  coefficient: "share",
  afterMs: "after ms",
  arrivalRank: "arrived",
  claimedExamples: "claimed",
};

/** A figure that says the same of everybody in most jobs, and is left out where it does. */
const UNREMARKABLE: Readonly<Record<string, number>> = { weight: 1, refusals: 0 };

/** A job's report for people, line by line (docs/operations.md says how to read it). */
export function tellJob(report: JobReport): string[] {
  return [...heading(report), "", ...versions(report), "", ...round(report), "", ...standings(report)];
}

function heading({ job, plan, planSha256 }: JobReport): string[] {
  const { preAggregators, rule, numByzantine } = plan.aggregation;
  const reason = job.reason === "" ? "" : `: ${job.reason}`;
  return [
    `job ${job.jobId} ${job.name}: ${job.phase}, round ${job.round} of ${job.rounds}${reason}`,
    `plan ${planSha256}`,
    `rule ${[...preAggregators, rule].map((it) => it.name).join(" -> ")}, numByzantine ${numByzantine}, privacy ${plan.privacy.mode}`,
  ];
}

function versions({ versions: all }: JobReport): string[] {
  const rows = all.map(({ version, accuracy, modelSha256 }) => [
    String(version),
    accuracy === null ? "-" : accuracy.toFixed(4),
    modelSha256,
  ]);
  return table([["version", "accuracy", "model"], ...rows]);
}

function round({ round: shown }: JobReport): string[] {
  if (shown === null) return ["no round has been closed yet"];
  const columns = columnsOf(shown);
  const rows = shown.cohort.map(({ name, figures, findings }) => [
    name,
    ...columns.map((column) => short(figures[column] ?? null)),
    findings.join(", ") || "-",
  ]);
  const heads = [
    "client",
    ...columns.map((column) => HEADS[column] ?? column.replace(/^rule\./, "")),
    "held against it",
  ];
  const remarks = shown.remarks.map((remark) => `the rule says: ${remark}`);
  return [`round ${shown.round}, attempt ${shown.attempt}`, ...remarks, ...table([heads, ...rows])];
}

function columnsOf({ cohort }: RoundReport): string[] {
  const present = new Set(cohort.flatMap(({ figures }) => Object.keys(figures)));
  const known: readonly string[] = [...FIGURE_NAMES, ...ANSWER_FIGURES];
  const ofRule = [...present].filter((name) => !known.includes(name)).sort();
  return [...FIGURE_NAMES, ...ofRule, ...ANSWER_FIGURES].filter((name) =>
    cohort.some(({ figures }) => (figures[name] ?? null) !== null && figures[name] !== UNREMARKABLE[name]),
  );
}

function standings({ clients }: JobReport): string[] {
  const rows = clients.map(({ name, reputation, suspectRounds, quarantined, revoked }) => [
    name,
    reputation.toFixed(3),
    String(suspectRounds),
    revoked ? "revoked" : quarantined ? "in quarantine" : "",
  ]);
  return table([["client", "reputation", "suspect rounds", ""], ...rows]);
}

/** Four significant digits; whole numbers as they are. */
function short(value: number | null): string {
  if (value === null) return "-";
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? String(value) : value.toPrecision(4);
}

/** The first column to the left, numbers to the right, the last as it is. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        if (column === 0) return cell.padEnd(widths[column] ?? 0);
        return column === row.length - 1 ? cell : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}
