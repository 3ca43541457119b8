import type { RunResult } from "../result.ts";
import { seriesStyle } from "../series.ts";
import { escapeHtml } from "./escape.ts";

/** Units of the drawing. A page shows a wide chart on wide screens and a narrow one on phones, so that type keeps its size. */
export interface ChartBox {
  readonly className: "wide" | "narrow";
  readonly width: number;
  readonly height: number;
  /** Room at the right for the lines' names; 0 leaves them to the legend. */
  readonly labels: number;
}

export const WIDE: ChartBox = { className: "wide", width: 760, height: 400, labels: 168 };
export const NARROW: ChartBox = { className: "narrow", width: 360, height: 300, labels: 12 };

const MARGIN = { top: 14, bottom: 44, left: 44 };
const LABEL_HEIGHT = 19;

/** Accuracy by round as one inline SVG: a line, a marker shape and a dash pattern of its own for each rule. */
export function accuracySvg(runs: readonly RunResult[], box: ChartBox): string {
  const numRounds = Math.max(1, ...runs.flatMap((run) => run.rounds.map((it) => it.round)));
  const place = placing(box, numRounds);
  const title = `Accuracy by round: ${runs.map(({ rule }) => rule).join(", ")}`;
  return [
    `<svg class="chart ${box.className}" viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="${escapeHtml(title)}">`,
    ...grid(place, numRounds),
    ...runs.flatMap((run, index) => line(run, index, place)),
    ...(box === WIDE ? endLabels(runs, place) : []),
    "</svg>",
  ].join("\n");
}

interface Place {
  readonly box: ChartBox;
  x(round: number): number;
  y(accuracy: number): number;
}

function placing(box: ChartBox, numRounds: number): Place {
  const width = box.width - MARGIN.left - box.labels;
  const height = box.height - MARGIN.top - MARGIN.bottom;
  const oneDecimal = (value: number) => Math.round(value * 10) / 10;
  return {
    box,
    x: (round) => oneDecimal(MARGIN.left + (width * (round - 1)) / Math.max(1, numRounds - 1)),
    y: (accuracy) => oneDecimal(MARGIN.top + height * (1 - accuracy)),
  };
}

function grid({ box, x, y }: Place, numRounds: number): string[] {
  const right = box.width - box.labels;
  const levels = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((level) => [
    `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${y(level)}" y2="${y(level)}"/>`,
    `<text class="tick" x="${MARGIN.left - 8}" y="${y(level) + 4}" text-anchor="end">${level.toFixed(1)}</text>`,
  ]);
  const bottom = box.height - MARGIN.bottom;
  const rounds = roundTicks(numRounds).map(
    (round) => `<text class="tick" x="${x(round)}" y="${bottom + 18}" text-anchor="middle">${round}</text>`,
  );
  const middle = (MARGIN.left + right) / 2;
  return [
    ...levels,
    ...rounds,
    `<text class="tick" x="${middle}" y="${bottom + 37}" text-anchor="middle">round</text>`,
  ];
}

/** 1, the last round, and round numbers between that keep clear of them. */
function roundTicks(numRounds: number): number[] {
  const step = [1, 2, 5, 10, 20, 50].find((it) => numRounds / it <= 6) ?? 100;
  const between = Array.from({ length: Math.ceil(numRounds / step) }, (_, i) => (i + 1) * step);
  return [...new Set([1, ...between.filter((it) => it > 1 && it <= numRounds - step / 2), numRounds])];
}

function line({ rule, rounds }: RunResult, index: number, { x, y }: Place): string[] {
  const points = rounds.flatMap(({ round, accuracy }) => (accuracy === null ? [] : [{ round, accuracy }]));
  const { marker, dashes } = seriesStyle(index);
  const path = points.map(({ round, accuracy }, i) => `${i === 0 ? "M" : "L"}${x(round)} ${y(accuracy)}`).join("");
  const markers = points.map(({ round, accuracy }) => {
    const said = `${rule}, round ${round}: ${accuracy.toFixed(3)}`;
    return `<path d="${marker}" transform="translate(${x(round)} ${y(accuracy)})"><title>${escapeHtml(said)}</title></path>`;
  });
  return [
    `<path class="line s${index}" d="${path}" stroke-dasharray="${dashes || "none"}"/>`,
    `<g class="marks s${index}">${markers.join("")}</g>`,
  ];
}

/** Names at the lines' ends, pushed apart where the lines end close together. */
function endLabels(runs: readonly RunResult[], { box, y }: Place): string[] {
  const labels = runs.flatMap(({ rule, finalAccuracy }, index) =>
    finalAccuracy === null ? [] : [{ rule, index, at: y(finalAccuracy) }],
  );
  labels.sort((a, b) => a.at - b.at);
  const lowest = box.height - MARGIN.bottom;
  labels.forEach((label, i) => {
    const above = labels[i - 1];
    if (above !== undefined) label.at = Math.max(label.at, above.at + LABEL_HEIGHT);
  });
  labels.reverse().forEach((label, i) => {
    label.at = Math.min(label.at, (labels[i - 1]?.at ?? lowest + LABEL_HEIGHT) - LABEL_HEIGHT);
  });
  const x = box.width - box.labels + 14;
  return labels.map(
    ({ rule, index, at }) => `<text class="end s${index}" x="${x}" y="${at + 4}">${escapeHtml(rule)}</text>`,
  );
}
