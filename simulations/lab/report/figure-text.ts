import { shortfallMark } from "./shortfall.ts";
import type { Point, Spread } from "./summary.ts";

/** Per cent, to a tenth. */
export const percent = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : (value * 100).toFixed(1);

type Figure = "accuracy" | "worstClient" | "attackSuccess";

/** The mean over seeds, or in its place what became of them. */
export function meanText(point: Point | undefined, figure: Figure): string {
  return point?.shortfall === undefined ? percent(point?.[figure]?.mean) : shortfallMark(point.shortfall);
}

/** `92.7 (91.0 to 93.3)` where there are several seeds. */
export function spreadText(point: Point, figure: Figure): string {
  const spread: Spread | undefined = point[figure];
  const mean = meanText(point, figure);
  if (spread === undefined || spread.count === 1) return mean;
  return `${mean} (${percent(spread.min)} to ${percent(spread.max)})`;
}
