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

/** `-2.1 (-2.6 to -1.5)`: a difference in points, with its sign. */
export function pointsText({ mean, min, max, count }: Spread): string {
  const signed = (value: number) => (percent(value) === "-0.0" ? "0.0" : `${value > 0 ? "+" : ""}${percent(value)}`);
  return count === 1 ? signed(mean) : `${signed(mean)} (${signed(min)} to ${signed(max)})`;
}
