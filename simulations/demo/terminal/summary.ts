import type { DemoResult, RunResult } from "../result.ts";
import { seriesStyle } from "../series.ts";
import type { Paint } from "./paint.ts";

const BAR_WIDTH = 30;

/** Rule by final accuracy by seconds, with a bar for the accuracy. */
export function resultTable({ runs }: DemoResult, paint: Paint): string[] {
  const width = Math.max(4, ...runs.map(({ rule }) => rule.length)) + 2;
  const head = `${"rule".padEnd(width)}  final accuracy  seconds`;
  const rows = runs.map((run, index) => {
    const { glyph, terminalColor } = seriesStyle(index);
    const name = paint.color(terminalColor, `${glyph} ${run.rule}`.padEnd(width));
    const figures = `${accuracyText(run).padStart(14)}  ${run.seconds.toFixed(1).padStart(7)}`;
    return `${name}  ${paint.bold(figures)}  ${paint.color(terminalColor, bar(run.finalAccuracy ?? 0))}`.trimEnd();
  });
  return [paint.dim(head), ...rows];
}

export function accuracyText({ finalAccuracy }: RunResult): string {
  return finalAccuracy === null ? "none" : finalAccuracy.toFixed(3);
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR_WIDTH * 8);
  const rest = eighths % 8;
  return "█".repeat(Math.floor(eighths / 8)) + (rest === 0 ? "" : String.fromCodePoint(0x2590 - rest));
}

/** Who attacked whom. */
export function scene({ attack, attackers, clients }: DemoResult): string {
  return attack === "none"
    ? `${clients} clients and no attack`
    : `${attackers} of ${clients} clients attack: ${attack}`;
}

/** How it ended, in a sentence. */
export function verdict({ runs }: DemoResult): string {
  const ranked = runs.filter((run) => run.finalAccuracy !== null);
  ranked.sort((a, b) => (b.finalAccuracy ?? 0) - (a.finalAccuracy ?? 0));
  const best = ranked[0];
  const worst = ranked.at(-1);
  if (best === undefined || worst === undefined) return "No rule committed a round.";
  if (best === worst) return `${best.rule} ends at ${percent(best)} accuracy.`;
  const gap = (best.finalAccuracy ?? 0) - (worst.finalAccuracy ?? 0);
  if (gap < 0.02) return `All rules end within ${(gap * 100).toFixed(1)} points of ${percent(best)} accuracy.`;
  return `${worst.rule} ends at ${percent(worst)} accuracy, ${best.rule} at ${percent(best)}.`;
}

const percent = ({ finalAccuracy }: RunResult) => `${((finalAccuracy ?? 0) * 100).toFixed(1)} %`;
