import type { TopLevelSpec } from "vega-lite";
import type { RoundMeasures } from "../job/measures.ts";
import { base } from "./chart-base.ts";
import { NO_ATTACK } from "./labels.ts";
import type { Point } from "./summary.ts";
import { inLines } from "./wrapped.ts";

/** Okabe and Ito's colours for the colour-blind, those that stand out on white and on black. */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58500", "#56B4E9", "#7F7F7F"];

/** One fewer than the colours, so that both come again together after 42 rules only. */
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [9, 3, 2, 3],
  [1, 4],
  [16, 4],
];

export interface CurveBox {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  /** On a line of a name: what is longer is broken. */
  readonly letters: number;
}

/** What can be followed from round to round, and what its axis says. */
const TITLES = { accuracy: "accuracy", attackSuccess: "attack success" } as const;

/** A figure by round: the mean over seeds, in a band from the least to the greatest. */
export function curves(
  points: readonly Point[],
  figure: keyof typeof TITLES,
  { width, height, columns, letters }: CurveBox,
): TopLevelSpec {
  const values = [...points.flatMap((point) => curveOf(point, figure)), ...bounds(points)];
  const defences = [...new Set(points.map((it) => it.defence))];
  const panels = [...new Set(points.map(titleOf))];
  const layer = [
    ...lines(defences, { ...inLines(defences, letters), columns }, TITLES[figure]),
    ...boundLayers(height),
  ];
  const facet = { field: "panel", type: "nominal", sort: panels, title: null, header: inLines(panels, letters) };
  const spec = { width, height, layer };
  return { ...base, data: { values }, facet, columns, spec, spacing: 24 } as unknown as TopLevelSpec;
}

const x = { field: "round", type: "quantitative", title: "round", axis: { tickMinStep: 1, tickCount: 5, grid: false } };
const has = (field: string) => ({ transform: [{ filter: `isValid(datum.${field})` }] });

function lines(defences: readonly string[], names: object, title: string) {
  const rule = { field: "defence", type: "nominal", sort: defences, title: null };
  const look = <T>(looks: readonly T[]) => ({
    domain: defences,
    range: defences.map((_, i) => looks[i % looks.length]),
  });
  const legend = {
    orient: "bottom",
    ...names,
    symbolType: "stroke",
    symbolSize: 900,
    symbolStrokeWidth: 2,
    symbolOpacity: 1,
  };
  const color = { ...rule, scale: look(COLOURS), legend };
  const axis = { format: ".1f", tickCount: 6 };
  const y = { field: "mean", type: "quantitative", scale: { domain: [0, 1] }, title, axis };
  return [
    {
      ...has("round"),
      mark: { type: "area", opacity: 0.18 },
      encoding: { x, y: { field: "min", type: "quantitative" }, y2: { field: "max" }, color },
    },
    {
      ...has("round"),
      mark: { type: "line", strokeWidth: 2, clip: true },
      encoding: { x, y, color, strokeDash: { ...rule, scale: look(DASHES), legend } },
    },
    {
      transform: [{ filter: "datum.breaks" }],
      mark: { type: "point", shape: "cross", filled: true, size: 90, opacity: 1 },
      encoding: { x, y, color },
    },
  ];
}

/** Where attackers begin and stop to attack, with words on the side that has room, at the foot, where few curves are. */
function boundLayers(height: number) {
  const at = { ...x, field: "bound" };
  const words = (test: string, side: { readonly align: "left" | "right"; readonly dx: number }) => ({
    transform: [{ filter: `isValid(datum.bound) && ${test}` }],
    mark: { type: "text", color: "var(--soft)", fontSize: 11, ...side },
    encoding: { x: at, y: { value: height - 8 }, text: { field: "text" } },
  });
  return [
    { ...has("bound"), mark: { type: "rule", color: "var(--soft)" }, encoding: { x: at } },
    words("!datum.isLate", { align: "left", dx: 4 }),
    words("datum.isLate", { align: "right", dx: -4 }),
  ];
}

function bounds(points: readonly Point[]) {
  const attacked = new Map(points.filter((it) => it.attack !== NO_ATTACK).map((it) => [titleOf(it), it.runs[0]?.cell]));
  return [...attacked].flatMap(([panel, cell]) => {
    if (cell?.attackRounds === undefined) return [];
    const { rounds } = cell;
    const { from, to = rounds } = cell.attackRounds;
    const found = [
      ...(from > 1 ? [{ bound: from, text: "attack begins" }] : []),
      ...(to < rounds ? [{ bound: to, text: "attack ends" }] : []),
    ];
    return found.map((it) => ({ panel, ...it, isLate: it.bound > rounds / 2 }));
  });
}

const titleOf = (point: Pick<Point, "attack">) => (point.attack === NO_ATTACK ? "no attack" : point.attack);

/** As far as every run of the point has it: beyond that it would be the mean of those that did not break. */
function curveOf(point: Point, figure: keyof typeof TITLES & keyof RoundMeasures) {
  const { runs, defence, shortfall } = point;
  const rounds = runs[0]?.rounds ?? [];
  const curve = rounds.flatMap(({ round }, i) => {
    const known = runs.flatMap((run) => run.rounds[i]?.[figure] ?? []);
    if (known.length < runs.length) return [];
    const mean = known.reduce((sum, it) => sum + it, 0) / known.length;
    return [{ round, defence, panel: titleOf(point), mean, min: Math.min(...known), max: Math.max(...known) }];
  });
  const breaks = shortfall?.outcome === "broken";
  return curve.map((it, i) => ({ ...it, breaks: breaks && i === curve.length - 1 }));
}
