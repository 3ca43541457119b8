import { hasRun } from "../job/result.ts";
import { attackMap, successMap, worstCaseMap } from "./charts.ts";
import { curveParts, type Draw, type Drawing, drawer, mapPart } from "./forms.ts";
import { NO_ATTACK } from "./labels.ts";
import { noAttackCosts } from "./no-attack-cost.ts";
import type { Report } from "./report.ts";
import { STYLE_SHEET } from "./style.ts";
import { grouped, type Point, pointsOf, type WorstCase, worstCases } from "./summary.ts";
import {
  attackList,
  cellTable,
  clientTables,
  detectionTable,
  escapeHtml,
  noAttackCostTable,
  pointTable,
  privacyTable,
  worstCaseTable,
} from "./tables.ts";

export interface Drawn {
  readonly html: string;
  readonly drawings: readonly Drawing[];
}

const MARKS =
  "Broke: the job ended before its last round, worse than any accuracy; failed: the lab's own run did; with the share of seeds where it was not all of them. A dash: the defence cannot hold there.";
const ADDED =
  "The last cells of this list, in which nobody attacks and the rule is told f = 0, are none of the scenario's: they were added for the no-attack cost, and no other figure of this page rests on them.";
const BANDS = "The band reaches from the worst seed to the best; a cross is where a job broke.";

/** The report as one HTML file that runs no script and asks nothing of any network. */
export async function reportPage(report: Report, command: string): Promise<Drawn> {
  const points = pointsOf(report.results);
  const worst = worstCases(points);
  const hasAttacks = points.some((it) => it.attack !== NO_ATTACK && it.runs.length > 0);
  const marks = points.some((it) => it.shortfall !== undefined) ? ` ${MARKS}` : "";
  const { draw, drawings } = drawer();
  const sections: string[] = [];
  if (hasAttacks) {
    const text = "Test accuracy in per cent under the attack that hurts each rule most, mean over seeds.";
    sections.push(
      section("Worst case", `${text}${marks}`, [
        await mapPart("worst-case", worstCaseMap(worst), "Heat-map of worst-case accuracy by rule", draw),
        worstCaseTable(worst),
      ]),
    );
  }
  sections.push(...noAttack(report));
  sections.push(
    section("Every attack", `Test accuracy in per cent after the last round, mean over seeds.${marks}`, [
      await mapPart("attacks", attackMap(points), "Heat-map of accuracy by rule and attack", draw),
      `<details><summary>The same as numbers, with the spread over seeds</summary>\n${pointTable(points)}\n</details>`,
    ]),
    section("Round by round", `Test accuracy. ${BANDS}`, await curveParts(points, "accuracy", draw)),
  );
  sections.push(...(await attackSuccess(points, draw)));
  sections.push(...privacy(points), ...detection(points), clients(points), provenance(report, command));
  return { html: page(report, sections, cards(report, worst)), drawings };
}

function noAttack(report: Report): string[] {
  const costs = noAttackCosts(report);
  if (costs.length === 0) return [];
  const text =
    "What it costs to be prepared where nobody attacks: test accuracy of the rule told f, less that of the same rule told f = 0, on the same data and over the same seeds, in points: the mean, and the least and the greatest of a seed. Below zero, accuracy is lost. Every plan draws batches of its own, so what lies within the spread of the seeds is chance.";
  return [section("No-attack cost", text, [noAttackCostTable(costs)])];
}

async function attackSuccess(points: readonly Point[], draw: Draw): Promise<string[]> {
  const aimed = aimedAt(points);
  if (aimed.length === 0) return [];
  const label = "Heat-map of attack success by rule and attack";
  const map = await mapPart("attack-success", successMap(aimed), label, draw);
  const text = "Share, in per cent, of what a targeted attack aims at that the final model does for it.";
  const below = `The same share round by round. ${BANDS} A vertical line is where the attack begins or ends.`;
  const parts = [map, `<p class="note">${below}</p>`, ...(await curveParts(aimed, "attackSuccess", draw))];
  return [section("Attack success", text, parts)];
}

/** The points of attacks that aim at something. */
function aimedAt(points: readonly Point[]): Point[] {
  const isAimed = ({ runs }: Point) => runs.some(({ rounds }) => rounds.some((it) => it.attackSuccess !== null));
  const aimed = new Set(points.filter(isAimed).map((it) => it.attack));
  return points.filter((it) => aimed.has(it.attack));
}

function privacy(points: readonly Point[]): string[] {
  const drawn = privacyTable(points);
  if (drawn === undefined) return [];
  const text =
    "Epsilon of the client that was charged most, by the coordinator's own accounts: what a deployment of the same plan spends. Below the table, what it means. The lab's own models protect nobody: all of its chance follows from a seed that this page names.";
  return [section("Privacy", text, [drawn])];
}

function detection(points: readonly Point[]): string[] {
  const drawn = detectionTable(points);
  if (drawn === undefined) return [];
  const text =
    "What the coordinator's own findings (docs/operations.md) would have told an operator who does not know who attacks: in per cent of the clients flagged, of the attackers asked, and of the honest clients asked, counted round by round.";
  return [section("Detection", text, [drawn])];
}

function clients(points: readonly Point[]): string {
  const text =
    "Means over the rounds of the figures that the coordinator keeps of every update (docs/operations.md), for the first seed.";
  return section("Client by client", text, [clientTables(points)]);
}

function provenance({ source, versions, results, baselines, data, sha256 }: Report, command: string): string {
  const told = Object.entries(versions).map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return section("What was run", "", [
    `<dl>\n${attackList(results, data.numClasses)}\n</dl>`,
    `<pre>${escapeHtml(source.trim())}</pre>`,
    `<dl>${told.join("\n")}<dt>findings</dt><dd><code>${sha256}</code></dd><dt>run again</dt><dd><code>${escapeHtml(command)}</code></dd></dl>`,
    `<details><summary>Every cell, with the digest of its final model</summary>\n${cellTable([...results, ...baselines])}\n</details>`,
    ...(baselines.length === 0 ? [] : [`<p class="note">${ADDED}</p>`]),
    `<p class="note">A robust rule bounds what attackers can do; it does not remove it, and it holds only up to the number of attackers it was told to expect. Attacks that are not in this report were not tried.</p>`,
  ]);
}

function section(title: string, text: string, parts: readonly string[]): string {
  const lede = text === "" ? "" : `<p class="note">${escapeHtml(text)}</p>\n`;
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n${lede}${parts.join("\n")}\n</section>`;
}

function cards({ results, baselines }: Report, worst: readonly WorstCase[]): string {
  const best = bestDefence(worst);
  const seconds = [...results, ...baselines].filter(hasRun).reduce((sum, it) => sum + it.seconds.total, 0);
  const completed = results.filter((it) => it.outcome === "completed").length;
  const facts = [
    ...(best === undefined
      ? []
      : [[`${(best.accuracy * 100).toFixed(1)} %`, `the best rule's worst case over all settings: ${best.defence}`]]),
    [String(completed), `of ${results.length} ${results.length === 1 ? "cell" : "cells"} ran every round`],
    [`${(seconds / 60).toFixed(1)} min`, "of one core"],
  ];
  return facts
    .map(([fact = "", text = ""]) => `<li class="card"><b>${escapeHtml(fact)}</b><span>${escapeHtml(text)}</span></li>`)
    .join("\n");
}

/** Whose worst case over every setting is the least bad; one that broke or could not run anywhere is not in the running. */
function bestDefence(worst: readonly WorstCase[]): { readonly defence: string; readonly accuracy: number } | undefined {
  const candidates = grouped(worst, ({ defence }) => defence).flatMap((cases) => {
    const accuracies = cases.flatMap((it) => it.worst?.accuracy?.mean ?? []);
    const { defence } = cases[0] as WorstCase;
    return accuracies.length < cases.length ? [] : [{ defence, accuracy: Math.min(...accuracies) }];
  });
  return candidates.toSorted((a, b) => b.accuracy - a.accuracy)[0];
}

function page({ grid }: Report, sections: readonly string[], facts: string): string {
  const title = grid.name;
  const { clients: numClients, rounds } = grid;
  const about =
    grid.about ??
    `${numClients} clients, ${rounds} rounds, over the coordinator and the participants as they are deployed.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast lab: ${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
${STYLE_SHEET}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="lede">${escapeHtml(about)}</p>
<ul class="cards">
${facts}
</ul>
${sections.join("\n")}
</main>
</body>
</html>
`;
}
