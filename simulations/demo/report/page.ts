import type { DemoResult, RunResult } from "../result.ts";
import { seriesStyle } from "../series.ts";
import { accuracyText, scene, verdict } from "../terminal/summary.ts";
import { accuracySvg, NARROW, WIDE } from "./chart-svg.ts";
import { escapeHtml } from "./escape.ts";
import { styleSheet } from "./style.ts";

/** What the report says besides the result. */
export interface ReportDetails {
  /** Name and value of each setting of the demo. */
  readonly settings: readonly (readonly [string, string])[];
  /** What to type to get the same accuracies again. */
  readonly command: string;
}

/** The report as one HTML file that asks nothing of any network. */
export function reportPage(result: DemoResult, details: ReportDetails): string {
  const { runs, dataset } = result;
  const title = scene(result);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast demo: ${escapeHtml(title)}</title>
<style>
${styleSheet(runs.length)}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="lede">${escapeHtml(verdict(result))} Each client was a process of its own, with its own share of ${escapeHtml(dataset)} and its own key.</p>
<ul class="cards">
${runs.map(card).join("\n")}
</ul>
<figure>
${accuracySvg(runs, WIDE)}
${accuracySvg(runs, NARROW)}
<figcaption>Accuracy of the global model on the test set after each round.</figcaption>
</figure>
<h2>Result</h2>
${resultTable(runs)}
<details>
<summary>Every round</summary>
${roundsTable(runs)}
</details>
<h2>What was run</h2>
<dl>
${details.settings.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join("\n")}
</dl>
<h2>Run it again</h2>
<pre>${escapeHtml(details.command)}</pre>
<p class="note">A robust rule bounds what attackers can do; it does not remove it, and it holds only up to the number of
attackers it was told to expect. A signature proves where an update came from, not that it is honest.</p>
</main>
</body>
</html>
`;
}

function card(run: RunResult, index: number): string {
  const share = ((run.finalAccuracy ?? 0) * 100).toFixed(1);
  const figure = run.finalAccuracy === null ? "none" : `${share} %`;
  return `<li class="card s${index}">
<span class="name"><svg viewBox="-7 -7 14 14" aria-hidden="true"><path d="${seriesStyle(index).marker}" fill="currentColor"/></svg>${escapeHtml(run.rule)}</span>
<span class="figure">${figure}</span>
<span class="bar"><i style="width:${share}%"></i></span>
<small>final accuracy · ${run.seconds.toFixed(1)} s</small>
</li>`;
}

function resultTable(runs: readonly RunResult[]): string {
  const rows = runs.map((run) => {
    const refused = run.rounds.reduce((sum, it) => sum + it.refused, 0);
    return [run.rule, accuracyText(run), run.seconds.toFixed(1), String(run.rounds.length), String(refused)];
  });
  return table(["rule", "accuracy", "seconds", "rounds", "refused"], rows);
}

function roundsTable(runs: readonly RunResult[]): string {
  const numRounds = Math.max(0, ...runs.map((run) => run.rounds.length));
  const rows = Array.from({ length: numRounds }, (_, i) => [
    String(i + 1),
    ...runs.map(({ rounds }) => rounds[i]?.accuracy?.toFixed(3) ?? "–"),
    ...runs.map(({ rounds }) => String(rounds[i]?.admitted ?? "–")),
  ]);
  const names = runs.map(({ rule }) => rule);
  return table(["round", ...names, ...names.map((name) => `admitted, ${name}`)], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) => row.map((it) => `<${tag}>${escapeHtml(it)}</${tag}>`).join("");
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
  return `<div class="scroll"><table>\n<thead><tr>${cells(head, "th")}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table></div>`;
}
