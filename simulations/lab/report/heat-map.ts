import type { TopLevelSpec } from "vega-lite";
import { base } from "./chart-base.ts";
import { inLines } from "./wrapped.ts";

export interface HeatCell {
  readonly row: string;
  readonly column: string;
  readonly panel: string;
  readonly value: number | null;
  readonly text: string;
}

/** Numbers on colours, in either of two forms: as wide as it has columns, or as narrow as a phone. */
export interface HeatMap {
  readonly cells: readonly HeatCell[];
  readonly columnTitle: string;
  /** What the darkest colour stands for and what the lightest: the darker the worse, so that what fails is what the eye finds. */
  readonly scale: readonly [number, number];
}

/** Of this key, in the order in which it first comes. */
export const namesOf = (cells: readonly HeatCell[], key: "row" | "column" | "panel") => [
  ...new Set(cells.map((cell) => cell[key])),
];

/** The marks of cells in their places: those with a number in its colour, the others in that of the page's cards. */
export function marksIn(places: object, domain: HeatMap["scale"], look: object = {}) {
  const mark = { type: "rect", cornerRadius: 3, ...look };
  const scale = { scheme: "cividis", domain, clamp: true };
  const colour = { field: "value", type: "quantitative", scale, legend: null };
  return [
    { transform: [{ filter: "datum.value !== null" }], mark, encoding: { ...places, color: colour } },
    { transform: [{ filter: "datum.value === null" }], mark: { ...mark, color: "var(--card)" }, encoding: places },
  ];
}

/** So far up the scale black is read more easily than white; either has a contrast of 4.5 to 1 where it is used. */
const BLACK_FROM = 0.47;

/** The colour of what is written on it. */
export const inkBy = ([low, high]: HeatMap["scale"]) => ({
  condition: [
    { test: "datum.text === '–'", value: "var(--soft)" },
    { test: "datum.value === null", value: "var(--ink)" },
    { test: `(datum.value - ${low}) / ${high - low} > ${BLACK_FROM}`, value: "#000000" },
  ],
  value: "#ffffff",
});

/** Letters on a line of a row's name: two lines find room beside a cell. */
const LETTERS = 30;

/** More columns than these are drawn closer, as close as `broke 1/3` allows. */
const MANY = 7;

/** Rows by columns, one panel below the other. */
export function wideHeatMap({ cells, columnTitle, scale }: HeatMap): TopLevelSpec {
  const axis = { domain: false, ticks: false };
  const [rows, columns] = [namesOf(cells, "row"), namesOf(cells, "column")];
  const spec = {
    width: { step: columns.length > MANY ? 64 : 84 },
    height: { step: 34 },
    encoding: {
      x: {
        field: "column",
        type: "nominal",
        sort: columns,
        title: columnTitle,
        axis: { ...axis, orient: "top", labelAngle: -28, labelAlign: "left" },
      },
      y: { field: "row", type: "nominal", sort: rows, title: null, axis: { ...axis, ...inLines(rows, LETTERS) } },
    },
    layer: [
      ...marksIn({}, scale, { stroke: "var(--paper)", strokeWidth: 2 }),
      {
        mark: { type: "text", fontSize: 13, fontWeight: 600 },
        encoding: { text: { field: "text" }, color: inkBy(scale) },
      },
    ],
  };
  const data = { values: cells };
  const panels = namesOf(cells, "panel");
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
