import type { TopLevelSpec } from "vega-lite";
import { curves } from "./curves.ts";
import { drawSvg } from "./draw.ts";
import { type HeatMap, namesOf, wideHeatMap } from "./heat-map.ts";
import { narrowHeatMap } from "./narrow-heat-map.ts";
import { grouped, type Point } from "./summary.ts";
import { escapeHtml } from "./tables.ts";

/** A drawing of the report, by the name of the file it is exported as. */
export interface Drawing {
  readonly name: string;
  readonly svg: string;
}

export type Draw = (name: string, spec: TopLevelSpec, label: string) => Promise<string>;

/** Draws, and keeps what it drew. */
export function drawer(): { readonly draw: Draw; readonly drawings: readonly Drawing[] } {
  const drawings: Drawing[] = [];
  const draw: Draw = async (name, spec, label) => {
    const svg = await drawSvg(spec, label);
    drawings.push({ name, svg });
    return svg;
  };
  return { draw, drawings };
}

/** A heat-map in both forms; the narrow one has a drawing for each of its panels. */
export async function mapPart(name: string, map: HeatMap, label: string, draw: Draw): Promise<string> {
  const wide = await draw(name, wideHeatMap(map), label);
  const panels = namesOf(map.cells, "panel");
  const parts: Folded[] = [];
  for (const panel of panels) {
    const of = { ...map, cells: map.cells.filter((it) => it.panel === panel) };
    const isOnly = panels.length === 1;
    const file = isOnly ? name : `${name}-${fileText(panel)}`;
    const svg = await draw(`${file}-narrow`, narrowHeatMap(of), isOnly ? label : `${label}, ${panel}`);
    parts.push({ title: panel, content: svg });
  }
  return bothForms(wide, folded(parts).join("\n"));
}

const WIDE = { width: 360, height: 220, columns: 2, letters: 40 };
const NARROW = { width: 270, height: 200, columns: 1, letters: 24 };

const CURVES = {
  accuracy: { label: "Accuracy by round", file: "curves" },
  attackSuccess: { label: "Attack success by round", file: "attack-success-curves" },
} as const;

/** Curves in both forms, for each setting. */
export async function curveParts(
  points: readonly Point[],
  figure: keyof typeof CURVES,
  draw: Draw,
): Promise<readonly string[]> {
  const ran = points.filter((it) => it.runs.length > 0);
  const parts: Folded[] = [];
  for (const of of grouped(ran, ({ partition, level }) => `${partition}, ${level}`)) {
    const { partition, level } = of[0] as Point;
    const setting = `${partition}, ${level}`;
    const label = `${CURVES[figure].label}, ${setting}`;
    const file = `${CURVES[figure].file}-${fileText(setting)}`;
    const wide = await draw(file, curves(of, figure, WIDE), label);
    const narrow = await draw(`${file}-narrow`, curves(of, figure, NARROW), label);
    parts.push({ title: setting, content: bothForms(wide, narrow) });
  }
  return folded(parts);
}

/** The style sheet shows the one that there is room for. */
const bothForms = (wide: string, narrow: string) =>
  `<div class="wide scroll">${wide}</div>\n<div class="narrow">${narrow}</div>`;

interface Folded {
  readonly title: string;
  readonly content: string;
}

/** Of several all but the first are folded away. */
function folded(parts: readonly Folded[]): string[] {
  if (parts.length === 1) return parts.map(({ content }) => content);
  return parts.map(({ title, content }, i) => {
    return `<details${i === 0 ? " open" : ""}><summary>${escapeHtml(title)}</summary>${content}</details>`;
  });
}

const fileText = (text: string): string => text.replace(/[^A-Za-z0-9.]+/g, "-").toLowerCase();
