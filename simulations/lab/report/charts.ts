import type { TopLevelSpec } from "vega-lite";
import { meanText } from "./figure-text.ts";
import type { Point, WorstCase } from "./summary.ts";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Ink and lines follow the page's theme: a CSS variable is a colour like any other. */
const CONFIG = {
  background: "transparent",
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: "var(--ink)",
    titleColor: "var(--soft)",
    domainColor: "var(--rule)",
    gridColor: "var(--rule)",
    tickColor: "var(--rule)",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 260,
  },
  header: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 13, labelFontWeight: "bold" },
  legend: { labelColor: "var(--ink)", titleColor: "var(--soft)", labelFontSize: 12, labelLimit: 260, symbolSize: 90 },
} as const;

/** What every chart has. */
export const base = { $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: CONFIG } as const;

interface HeatCell {
  readonly row: string;
  readonly column: string;
  readonly panel: string;
  readonly value: number | null;
  readonly text: string;
}

/** Numbers on colours: the darker the worse, so that what fails is what the eye finds. */
function heatMap(
  cells: readonly HeatCell[],
  columnTitle: string,
  [low, high]: readonly [number, number],
): TopLevelSpec {
  const order = (key: "row" | "column" | "panel") => [...new Set(cells.map((cell) => cell[key]))];
  const isLight = `(datum.value - ${low}) / ${high - low} > 0.5`;
  const spec = {
    width: { step: 84 },
    height: { step: 34 },
    encoding: {
      x: {
        field: "column",
        type: "nominal",
        sort: order("column"),
        title: columnTitle,
        axis: { orient: "top", labelAngle: -28, labelAlign: "left", domain: false, ticks: false },
      },
      y: { field: "row", type: "nominal", sort: order("row"), title: null, axis: { domain: false, ticks: false } },
    },
    layer: [
      {
        mark: { type: "rect", stroke: "var(--paper)", strokeWidth: 2, cornerRadius: 3 },
        encoding: {
          color: {
            condition: {
              test: "datum.value !== null",
              field: "value",
              type: "quantitative",
              scale: { scheme: "cividis", domain: [low, high], clamp: true },
              legend: null,
            },
            value: "var(--card)",
          },
        },
      },
      {
        mark: { type: "text", fontSize: 13, fontWeight: 600 },
        encoding: {
          text: { field: "text" },
          color: {
            condition: [
              { test: "datum.text === '–'", value: "var(--soft)" },
              { test: "datum.value === null", value: "var(--ink)" },
              { test: isLight, value: "#10131a" },
            ],
            value: "#ffffff",
          },
        },
      },
    ],
  };
  const data = { values: cells };
  const panels = order("panel");
  if (panels.length === 1) return { ...base, data, ...spec } as unknown as TopLevelSpec;
  const facet = {
    row: {
      field: "panel",
      type: "nominal",
      sort: panels,
      title: null,
      header: { labelAngle: 0, labelAnchor: "start", labelOrient: "top" },
    },
  };
  const repeated = { facet, spec, resolve: { scale: { x: "shared" } } };
  return { ...base, data, ...repeated } as unknown as TopLevelSpec;
}

/** A figure, or in its place what became of the seeds. */
const inCell = (point: Point | undefined, figure: "accuracy" | "attackSuccess") => ({
  value: point?.[figure]?.mean ?? null,
  text: meanText(point, figure),
});

/** The worst accuracy over all attacks, by defence and setting. */
export function worstCaseMap(cases: readonly WorstCase[]): TopLevelSpec {
  const isByLevel = hasManyLevels(cases);
  const cells = cases.map(({ defence, partition, level, worst }) => ({
    row: defence,
    column: isByLevel ? level : partition,
    panel: isByLevel ? partition : level,
    ...inCell(worst, "accuracy"),
  }));
  return heatMap(cells, isByLevel ? LEVELS : "how the data is shared out", [0, 1]);
}

const LEVELS = "attackers, and what the rule is told";

const hasManyLevels = (of: readonly Pick<Point, "level">[]) => new Set(of.map((it) => it.level)).size > 1;

export function attackMap(points: readonly Point[]): TopLevelSpec {
  return figureMap(points, "accuracy", [0, 1]);
}

/** How often the attack got what it aims at. */
export function successMap(points: readonly Point[]): TopLevelSpec {
  return figureMap(points, "attackSuccess", [1, 0]);
}

/** Attacks side by side, in a panel for each setting; one attack alone by how many there are of it, where that differs. */
function figureMap(points: readonly Point[], figure: "accuracy" | "attackSuccess", scale: readonly [number, number]) {
  const isByLevel = new Set(points.map((it) => it.attack)).size === 1 && hasManyLevels(points);
  const cells = points.map((it) => ({
    row: it.defence,
    column: isByLevel ? it.level : it.attack,
    panel: isByLevel ? `${it.attack}, ${it.partition}` : `${it.partition}, ${it.level}`,
    ...inCell(it, figure),
  }));
  return heatMap(cells, isByLevel ? LEVELS : "attack", scale);
}
