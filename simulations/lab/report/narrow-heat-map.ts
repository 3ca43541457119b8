import type { TopLevelSpec } from "vega-lite";
import { base } from "./chart-base.ts";
import { type HeatCell, type HeatMap, inkBy, marksIn, namesOf } from "./heat-map.ts";
import { wrapped } from "./wrapped.ts";

/** In CSS pixels: what a phone has between its margins, in which labels have the left part. */
const WIDTH = 340;
const LABELS = 184;

/** Letters on a line of a label, and of the title above its cells: in a wide font, too, they keep to their part. */
const LETTERS = 22;
const TITLE_LETTERS = 32;

const LINE = 17;
const LEAST_ROW = 31;
const BEFORE_TITLE = 14;
const AFTER_TITLE = 8;

/** A line of text by the middle of its height. */
interface Line {
  readonly text: string;
  readonly y: number;
  readonly weight: "bold" | "normal";
}

/** What is drawn, in pixels from the top. */
interface Layout {
  readonly lines: readonly Line[];
  readonly cells: readonly (HeatCell & { readonly top: number; readonly bottom: number; readonly told: string })[];
  readonly height: number;
}

/** One panel of a heat-map: its columns one below the other, each under its name, row by row. */
export function narrowHeatMap({ cells, scale }: HeatMap): TopLevelSpec {
  const { lines, cells: placed, height } = layoutOf(cells);
  const y = (field: string) => ({ field, type: "quantitative", scale: null, axis: null });
  const texts = (of: Line["weight"]) => ({
    data: { values: lines.filter(({ weight }) => weight === of) },
    mark: { type: "text", align: "left", baseline: "middle", fontSize: 13, fontWeight: of, color: "var(--ink)" },
    encoding: { x: { value: 0 }, y: y("y"), text: { field: "text" } },
  });
  const places = {
    x: { value: LABELS },
    x2: { value: WIDTH },
    y: y("top"),
    y2: { field: "bottom" },
    description: { field: "told" },
  };
  const layer = [
    ...marksIn(places, scale),
    {
      mark: { type: "text", baseline: "middle", fontSize: 14, fontWeight: 600 },
      transform: [{ calculate: "(datum.top + datum.bottom) / 2", as: "middle" }],
      encoding: { x: { value: (LABELS + WIDTH) / 2 }, y: y("middle"), text: { field: "text" }, color: inkBy(scale) },
    },
    texts("bold"),
    texts("normal"),
  ];
  return { ...base, width: WIDTH, height, padding: 0, data: { values: placed }, layer } as unknown as TopLevelSpec;
}

function layoutOf(all: readonly HeatCell[]): Layout {
  const lines: Line[] = [];
  const cells: Layout["cells"][number][] = [];
  let y = 0;
  const write = (texts: readonly string[], weight: Line["weight"], from: number) => {
    for (const [i, text] of texts.entries()) lines.push({ text, weight, y: from + (i + 0.5) * LINE });
  };
  for (const column of namesOf(all, "column")) {
    const title = wrapped(column, TITLE_LETTERS);
    if (y > 0) y += BEFORE_TITLE;
    write(title, "bold", y);
    y += title.length * LINE + AFTER_TITLE;
    for (const cell of all.filter((it) => it.column === column)) {
      const label = wrapped(cell.row, LETTERS);
      const row = Math.max(LEAST_ROW, label.length * LINE + 6);
      write(label, "normal", y + (row - label.length * LINE) / 2 - 1);
      cells.push({ ...cell, top: y, bottom: y + row - 2, told: `${cell.row}, ${column}: ${cell.text}` });
      y += row;
    }
  }
  return { lines, cells, height: y };
}
