import { seriesStyle } from "../series.ts";
import type { Paint } from "./paint.ts";

/** One rule's accuracies by round; a round without one leaves a gap. */
export interface Series {
  readonly label: string;
  readonly accuracies: readonly (number | null)[];
}

export interface ChartSize {
  /** Of the whole chart with its labels, in columns. */
  readonly width: number;
  /** Of the plot, in rows; two more rows follow for the axis. */
  readonly height: number;
  readonly numRounds: number;
}

/** What a character cell of the plot shows, and of which series. */
interface Cell {
  /** Bits of a Braille pattern. */
  dots: number;
  glyph: string | undefined;
  series: number;
}

/** Braille bits of a cell, by dot row and dot column (Unicode 15, U+2800). */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const AXIS_WIDTH = 6;

/** Accuracy (0 to 1) by round as lines of text: Braille lines, a mark of its own for each rule, labels at the end. */
export function accuracyChart(series: readonly Series[], size: ChartSize, paint: Paint): string[] {
  const labelWidth = Math.max(0, ...series.map(({ label }) => label.length)) + 9;
  const plotWidth = Math.max(10, size.width - AXIS_WIDTH - labelWidth);
  const cells = Array.from({ length: size.height }, () =>
    Array.from({ length: plotWidth }, (): Cell => ({ dots: 0, glyph: undefined, series: 0 })),
  );
  series.forEach((it, index) => {
    drawSeries(cells, it, index, size.numRounds);
  });
  const labels = endLabels(series, size.height);
  const rows = cells.map((row, y) => {
    const label = labels.get(y);
    const text = label === undefined ? "" : ` ${paint.color(seriesStyle(label.index).terminalColor, label.text)}`;
    return `${axisLabel(y, size.height)} ${rowText(row, paint)}${text}`;
  });
  return [...rows, ...roundAxis(plotWidth, size.numRounds)];
}

function drawSeries(cells: Cell[][], { accuracies }: Series, series: number, numRounds: number): void {
  const height = cells.length;
  const width = cells[0]?.length ?? 0;
  const at = (round: number, accuracy: number) => ({
    x: numRounds === 1 ? 0 : Math.round(((round - 1) / (numRounds - 1)) * (width * 2 - 1)),
    y: Math.round((1 - accuracy) * (height * 4 - 1)),
  });
  const points = accuracies.map((accuracy, i) => (accuracy === null ? undefined : at(i + 1, accuracy)));
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (point !== undefined) drawLine(cells, before ?? point, point, series);
  });
  const marksEvery = Math.max(1, Math.ceil((numRounds * 6) / width));
  points.forEach((point, i) => {
    const isMarked = i % marksEvery === series % marksEvery || i === points.length - 1;
    const cell = point && cells[point.y >> 2]?.[point.x >> 1];
    if (cell && isMarked) Object.assign(cell, { glyph: seriesStyle(series).glyph, series });
  });
}

interface Dot {
  readonly x: number;
  readonly y: number;
}

function drawLine(cells: Cell[][], from: Dot, to: Dot, series: number): void {
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let step = 0; step <= steps; step++) {
    const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
    const cell = cells[y >> 2]?.[x >> 1];
    if (cell === undefined) continue;
    cell.dots |= DOT_BITS[y & 3]?.[x & 1] ?? 0;
    cell.series = series;
  }
}

function rowText(row: readonly Cell[], paint: Paint): string {
  const runs: { series: number; text: string }[] = [];
  for (const { dots, glyph, series } of row) {
    const text = glyph ?? (dots === 0 ? " " : String.fromCodePoint(0x2800 + dots));
    const last = runs.at(-1);
    if (last !== undefined && (last.series === series || text === " ")) last.text += text;
    else runs.push({ series, text });
  }
  return runs.map(({ series, text }) => paint.color(seriesStyle(series).terminalColor, text)).join("");
}

/** The row that shows an accuracy. */
const rowOf = (accuracy: number, height: number) => Math.round((1 - accuracy) * (height * 4 - 1)) >> 2;

function axisLabel(y: number, height: number): string {
  const ticks = height < 8 ? [0, 0.5, 1] : [0, 0.2, 0.4, 0.6, 0.8, 1];
  const tick = ticks.find((it) => rowOf(it, height) === y);
  return tick === undefined ? "    │" : `${tick.toFixed(1).padStart(4)}┤`;
}

function roundAxis(width: number, numRounds: number): string[] {
  const last = String(numRounds);
  const middle = "round".padStart(Math.floor((width + 5) / 2) - 1);
  return [
    `    └${"─".repeat(width + 1)}`,
    `${" ".repeat(AXIS_WIDTH)}1${middle}${last.padStart(Math.max(0, width - 1 - middle.length))}`,
  ];
}

interface EndLabel {
  readonly index: number;
  readonly text: string;
}

/** Each rule's mark, name and newest accuracy on the row of that accuracy, or the nearest row that is free. */
function endLabels(series: readonly Series[], height: number): ReadonlyMap<number, EndLabel> {
  const labels = new Map<number, EndLabel>();
  const wanted = series.flatMap(({ label, accuracies }, index) => {
    const accuracy = accuracies.findLast((it) => it !== null);
    if (accuracy === undefined || accuracy === null) return [];
    const row = rowOf(accuracy, height);
    return [{ index, accuracy, row, text: `${seriesStyle(index).glyph} ${label} ${accuracy.toFixed(3)}` }];
  });
  wanted.sort((a, b) => b.accuracy - a.accuracy || a.index - b.index);
  for (const { index, row, text } of wanted) {
    const free = nearestFreeRow(row, height, labels);
    if (free !== undefined) labels.set(free, { index, text });
  }
  return labels;
}

/** Below first, so that labels keep the order of their accuracies. */
function nearestFreeRow(row: number, height: number, taken: ReadonlyMap<number, unknown>): number | undefined {
  for (let distance = 0; distance < height; distance++) {
    for (const candidate of [row + distance, row - distance]) {
      if (candidate >= 0 && candidate < height && !taken.has(candidate)) return candidate;
    }
  }
  return undefined;
}
