import { contractLines } from "../../../core/privacy/contract.ts";
import { describeAttack, whyHarmless } from "../../attacks/registry.ts";
import { type CellResult, hasRun } from "../job/result.ts";
import type { Cell } from "../scenario/cell.ts";
import { attackSettingOf } from "../scenario/setting.ts";
import { meanText, percent, pointsText, spreadText } from "./figure-text.ts";
import { cellText, labelsOf, NO_ATTACK } from "./labels.ts";
import type { NoAttackCost } from "./no-attack-cost.ts";
import { shortfallMark, shortfallText } from "./shortfall.ts";
import { epsilonText, mostSpent } from "./spending.ts";
import { detectionOf, grouped, type Point, type Spread, spreadOf, type WorstCase } from "./summary.ts";

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Letters of a cell that is broken into lines at any width. */
const LONG = 40;

/** On a phone a row is a block of lines (style.ts), each with the words of its column. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = head.map((it) => `<th>${escapeHtml(it)}</th>`).join("");
  const cell = (text: string, i: number) => {
    const words = text.length > LONG ? ' class="words"' : "";
    return `<td data-label="${escapeHtml(head[i] ?? "")}"${words}>${breakable(escapeHtml(text))}</td>`;
  };
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("\n");
  return `<div class="scroll"><table>\n<thead><tr>${names}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></div>`;
}

/** A browser breaks no line behind a plus by itself. */
const breakable = (html: string) => html.replaceAll(/\+(?=[A-Z])/g, "+<wbr>");

const settingOf = ({ partition, level }: Pick<Point, "partition" | "level">) => `${partition}, ${level}`;

export function worstCaseTable(cases: readonly WorstCase[]): string {
  const rows = cases.map(({ defence, worst, clean, ...setting }) => [
    defence,
    settingOf(setting),
    meanText(clean, "accuracy"),
    meanText(worst, "accuracy"),
    worst?.attack ?? "–",
  ]);
  return table(["rule", "setting", "accuracy, no attack", "worst accuracy", "under"], rows);
}

export function noAttackCostTable(costs: readonly NoAttackCost[]): string {
  const rows = costs.map(({ defence, partition, numByzantine, told, toldNone, cost }) => [
    defence,
    `${partition}, f = ${numByzantine}`,
    told.shortfall === undefined ? percent(told.accuracy?.mean) : shortfallMark(told.shortfall),
    toldNoneText(toldNone, cost),
    cost === undefined ? "–" : toldNone === undefined ? "0.0" : pointsText(cost),
  ]);
  return table(["rule", "setting", "accuracy, told f", "accuracy, told f = 0", "no-attack cost"], rows);
}

/** Where there is no figure, why not. */
function toldNoneText(toldNone: NoAttackCost["toldNone"], cost: Spread | undefined): string {
  if (toldNone === undefined) return cost === undefined ? "–" : "the same: it does not use f";
  const { shortfall, accuracy } = toldNone;
  if (shortfall === undefined) return percent(accuracy?.mean);
  const text = shortfallText(shortfall);
  return shortfall.outcome === "infeasible" ? `cannot run with f = 0: ${text}` : text;
}

export function pointTable(points: readonly Point[]): string {
  const rows = points.map((point) => {
    const seconds = spreadOf(point.runs.map(({ seconds: { total }, rounds }) => total / Math.max(1, rounds.length)));
    return [
      point.attack,
      point.defence,
      settingOf(point),
      point.shortfall === undefined ? spreadText(point, "accuracy") : shortfallText(point.shortfall),
      spreadText(point, "worstClient"),
      spreadText(point, "attackSuccess"),
      seconds === undefined ? "–" : seconds.mean.toFixed(2),
    ];
  });
  return table(["attack", "rule", "setting", "accuracy", "worst client", "attack success", "seconds a round"], rows);
}

export function detectionTable(points: readonly Point[]): string | undefined {
  const attacked = points.filter((it) => it.attack !== NO_ATTACK && it.runs.length > 0);
  if (attacked.length === 0) return undefined;
  const rows = attacked.map((point) => {
    const found = point.runs.map(detectionOf);
    const mean = (key: "precision" | "recall" | "falsePositives") =>
      percent(spreadOf(found.map((it) => it[key]))?.mean);
    const first = spreadOf(found.map((it) => it.firstRound));
    return [
      point.attack,
      point.defence,
      [settingOf(point), ...(point.shortfall === undefined ? [] : [shortfallMark(point.shortfall)])].join(", "),
      mean("precision"),
      mean("recall"),
      mean("falsePositives"),
      firstText(first, found.length),
    ];
  });
  return table(["attack", "rule", "setting", "precision", "recall", "false alarms", "first in round"], rows);
}

/** A mean over the seeds in which any attacker was found, with how many these are where it was not in all. */
function firstText(first: Spread | undefined, numSeeds: number): string {
  if (first === undefined) return "never";
  const text = first.mean.toFixed(first.count > 1 ? 1 : 0);
  return first.count === numSeeds ? text : `${text} (${first.count} of ${numSeeds} seeds)`;
}

/** What was spent of the clients' privacy, and what it bought; undefined where nothing was. */
export function privacyTable(points: readonly Point[]): string | undefined {
  const contracts = new Set<string>();
  const rows = points.flatMap((point) => {
    const spent = mostSpent(point.runs);
    if (spent === undefined) return [];
    const { delta, adjacency } = spent.contract;
    contracts.add(contractLines(spent.contract).join("\n"));
    const recall = spreadOf(point.runs.map((run) => detectionOf(run).recall))?.mean;
    const of = [point.attack, point.defence, settingOf(point), epsilonText(spent), String(delta)];
    const [name = ""] = adjacency.split(":");
    const figures = [spreadText(point, "accuracy"), spreadText(point, "attackSuccess")];
    return [[...of, name, ...figures, percent(recall)]];
  });
  if (rows.length === 0) return undefined;
  const head = ["attack", "rule", "setting", "epsilon", "delta", "adjacency", "accuracy", "attack success", "recall"];
  const meanings = [...contracts].map((it) => `<pre class="wrap">${escapeHtml(it)}</pre>`);
  return [table(head, rows), ...meanings].join("\n");
}

const FIGURES = ["normRatio", "cosine", "trimmed", "clipFactor", "inDegree", "coefficient", "krumRank"] as const;

/** One client a line, of the first seed of each combination. */
export function clientTables(points: readonly Point[]): string {
  const parts = points.flatMap((point) => {
    const [run] = point.runs;
    if (run === undefined) return [];
    const rows = run.clients
      .toSorted((a, b) => Number(b.isAttacker) - Number(a.isAttacker) || (a.name < b.name ? -1 : 1))
      .slice(0, MOST_CLIENTS)
      .map((client) => [
        `${client.name}${client.isAttacker ? " (attacks)" : ""}`,
        String(client.rounds),
        String(client.flagged),
        String(client.refused),
        ...FIGURES.map((name) => client.figures[name]?.toFixed(2) ?? "–"),
      ]);
    const head = ["client", "rounds", "flagged", "refused", ...FIGURES];
    const left = run.clients.length - rows.length;
    const note = left > 0 ? `<p class="note">${left} more clients are in report.json.</p>\n` : "";
    return [`<details><summary>${escapeHtml(cellText(run.cell))}</summary>\n${table(head, rows)}\n${note}</details>`];
  });
  return parts.join("\n");
}

const MOST_CLIENTS = 50;

export function cellTable(results: readonly CellResult[]): string {
  const rows = results.map((result) => [
    cellText(result.cell),
    result.outcome === "completed" ? percent(result.accuracy) : `${result.outcome}: ${result.reason}`,
    hasRun(result) ? result.modelSha256.slice(0, 16) : "–",
    result.id,
  ]);
  return table(["cell", "accuracy", "model (SHA-256, first 16 digits)", "cell id"], rows);
}

/** What each attack of the grid does, in words, or why it does nothing; by how many attack, where that makes a difference. */
export function attackList(results: readonly CellResult[], numClasses: number): string {
  const attacks = grouped(
    results.flatMap(({ cell }) => wordsOn(cell, numClasses)),
    ({ name }) => name,
  );
  const items = attacks.map((words) => {
    const texts = grouped(words, ({ text }) => text).map((same) => {
      const numbers = [...new Set(same.map((it) => it.attackers))];
      return { text: same[0]?.text ?? "", numbers };
    });
    const lines = texts.map(({ text, numbers }) =>
      texts.length === 1 ? text : `${numbers.join(", ")} attacking: ${text}`,
    );
    return `<dt>${escapeHtml(words[0]?.name ?? "")}</dt><dd>${lines.map(escapeHtml).join("<br>")}</dd>`;
  });
  return items.join("\n");
}

function wordsOn(cell: Cell, numClasses: number) {
  const { attack, attackers } = cell;
  if (attack === null) return [];
  const setting = attackSettingOf(cell, numClasses);
  const harmless = whyHarmless(attack, setting);
  const text = [
    describeAttack(attack, setting),
    ...(harmless === undefined ? [] : [`without effect here: ${harmless}`]),
  ];
  return [{ name: labelsOf(cell).attack, attackers, text: text.join("; ") }];
}
