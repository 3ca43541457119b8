import { hasRun } from "../job/result.ts";
import { attackMap, curves, successMap, worstCaseMap } from "./charts.ts";
import { drawSvg } from "./draw.ts";
import { NO_ATTACK } from "./labels.ts";
import type { Report } from "./report.ts";
import { STYLE_SHEET } from "./style.ts";
import { grouped, type Point, pointsOf, type WorstCase, worstCases } from "./summary.ts";
import {
  attackList,
  cellTable,
  clientTables,
  costTable,
  detectionTable,
  escapeHtml,
  pointTable,
  privacyTable,
} from "./tables.ts";

/** A drawing of the report, by the name of the file it is exported as. */
export interface Drawing {
  readonly name: string;
  readonly svg: string;
}

export interface Drawn {
  readonly html: string;
  readonly drawings: readonly Drawing[];
}

const WIDE = { width: 360, height: 220, columns: 2 };
const NARROW = { width: 270, height: 200, columns: 1 };
const NARROW_CLASS = "narrow";

/** The report as one HTML file that runs no script and asks nothing of any network. */
export async function reportPage(report: Report, command: string): Promise<Drawn> {
  const points = pointsOf(report.results);
  const worst = worstCases(points);
  const hasAttacks = points.some((it) => it.attack !== NO_ATTACK && it.accuracy !== undefined);
  const drawings: Drawing[] = [];
  const draw = async (name: string, spec: Parameters<typeof drawSvg>[0], label: string) => {
    const svg = await drawSvg(spec, label);
    if (!name.endsWith(NARROW_CLASS)) drawings.push({ name, svg });
    return svg;
  };
  const sections: string[] = [];
  if (hasAttacks) {
    sections.push(
      section("Worst case", "Test accuracy in per cent under the attack that hurts each rule most, mean over seeds.", [
        scrolling(await draw("worst-case", worstCaseMap(worst), "Heat-map of worst-case accuracy by rule")),
        costTable(worst),
      ]),
    );
  }
  sections.push(
    section("Every attack", "Test accuracy in per cent after the last round, mean over seeds.", [
      scrolling(await draw("attacks", attackMap(points), "Heat-map of accuracy by rule and attack")),
      `<details><summary>The same as numbers, with the spread over seeds</summary>\n${pointTable(points)}\n</details>`,
    ]),
    await curveSection(points, draw),
  );
  const success = successMap(points);
  if (success !== undefined) {
    sections.push(
      section(
        "Attack success",
        "Share, in per cent, of what a targeted attack aims at that the final model does for it.",
        [scrolling(await draw("attack-success", success, "Heat-map of attack success by rule and attack"))],
      ),
    );
  }
  sections.push(...privacy(points), ...detection(points), clients(points), provenance(report, command));
  return { html: page(report, sections, cards(report, worst)), drawings };
}

type Draw = (name: string, spec: Parameters<typeof drawSvg>[0], label: string) => Promise<string>;

async function curveSection(points: readonly Point[], draw: Draw): Promise<string> {
  const settings = new Map<string, Point[]>();
  for (const point of points) {
    if (point.runs.length === 0) continue;
    const setting = `${point.partition}, f = ${point.numByzantine}`;
    settings.set(setting, [...(settings.get(setting) ?? []), point]);
  }
  const parts: string[] = [];
  for (const [setting, of] of settings) {
    const label = `Accuracy by round, ${setting}`;
    const file = `curves-${setting.replace(/[^A-Za-z0-9.]+/g, "-").toLowerCase()}`;
    const wide = await draw(file, curves(of, WIDE), label);
    const narrow = await draw(`${file}-${NARROW_CLASS}`, curves(of, NARROW), label);
    const drawn = `<div class="curves"><div class="wide scroll">${wide}</div><div class="narrow scroll">${narrow}</div></div>`;
    parts.push(
      settings.size > 1
        ? `<details${parts.length === 0 ? " open" : ""}><summary>${escapeHtml(setting)}</summary>${drawn}</details>`
        : drawn,
    );
  }
  return section("Round by round", "Test accuracy; the band reaches from the worst seed to the best.", parts);
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
    "What the coordinator's own findings (docs/operations.md) would have told an operator who does not know who attacks: in per cent of the clients flagged, of the attackers, and of the honest clients, counted round by round.";
  return [section("Detection", text, [drawn])];
}

function clients(points: readonly Point[]): string {
  const text =
    "Means over the rounds of the figures that the coordinator keeps of every update (docs/operations.md), for the first seed.";
  return section("Client by client", text, [clientTables(points)]);
}

function provenance({ source, versions, results, data, sha256 }: Report, command: string): string {
  const told = Object.entries(versions).map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return section("What was run", "", [
    `<dl>\n${attackList(results, data.numClasses)}\n</dl>`,
    `<pre>${escapeHtml(source.trim())}</pre>`,
    `<dl>${told.join("\n")}<dt>findings</dt><dd><code>${sha256}</code></dd><dt>run again</dt><dd><code>${escapeHtml(command)}</code></dd></dl>`,
    `<details><summary>Every cell, with the digest of its final model</summary>\n${cellTable(results)}\n</details>`,
    `<p class="note">A robust rule bounds what attackers can do; it does not remove it, and it holds only up to the number of attackers it was told to expect. Attacks that are not in this report were not tried.</p>`,
  ]);
}

function section(title: string, text: string, parts: readonly string[]): string {
  const lede = text === "" ? "" : `<p class="note">${escapeHtml(text)}</p>\n`;
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n${lede}${parts.join("\n")}\n</section>`;
}

const scrolling = (svg: string) => `<div class="scroll">${svg}</div>`;

function cards({ results }: Report, worst: readonly WorstCase[]): string {
  const best = bestDefence(worst);
  const seconds = results.filter(hasRun).reduce((sum, it) => sum + it.seconds.total, 0);
  const ran = results.filter(hasRun).length;
  const facts = [
    ...(best === undefined
      ? []
      : [[`${(best.accuracy * 100).toFixed(1)} %`, `the best rule's worst case over all settings: ${best.defence}`]]),
    [String(ran), `of ${results.length} cells ran`],
    [`${(seconds / 60).toFixed(1)} min`, "of one core"],
  ];
  return facts
    .map(([fact = "", text = ""]) => `<li class="card"><b>${escapeHtml(fact)}</b><span>${escapeHtml(text)}</span></li>`)
    .join("\n");
}

/** Whose worst case over every setting is the least bad; one that could not run everywhere is not in the running. */
function bestDefence(worst: readonly WorstCase[]): { readonly defence: string; readonly accuracy: number } | undefined {
  const candidates = grouped(worst, ({ defence }) => defence).flatMap((cases) => {
    const accuracies = cases.flatMap((it) => it.accuracy ?? []);
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
