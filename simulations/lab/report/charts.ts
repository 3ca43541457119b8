import { meanText } from "./figure-text.ts";
import type { HeatMap } from "./heat-map.ts";
import type { Point, WorstCase } from "./summary.ts";

/** A figure, or in its place what became of the seeds. */
const inCell = (point: Point | undefined, figure: "accuracy" | "attackSuccess") => ({
  value: point?.[figure]?.mean ?? null,
  text: meanText(point, figure),
});

/** The worst accuracy over all attacks, by defence and setting. */
export function worstCaseMap(cases: readonly WorstCase[]): HeatMap {
  const isByLevel = hasManyLevels(cases);
  const cells = cases.map(({ defence, partition, level, worst }) => ({
    row: defence,
    column: isByLevel ? level : partition,
    panel: isByLevel ? partition : level,
    ...inCell(worst, "accuracy"),
  }));
  return { cells, columnTitle: isByLevel ? levelTitle(cases) : "how the data is shared out", scale: [0, 1] };
}

const levelTitle = (of: readonly Pick<Point, "level">[]) =>
  of.some(({ level }) => level.startsWith("f =")) ? "attackers, and what the rule is told" : "how many attack";

const hasManyLevels = (of: readonly Pick<Point, "level">[]) => new Set(of.map((it) => it.level)).size > 1;

export function attackMap(points: readonly Point[]): HeatMap {
  return figureMap(points, "accuracy", [0, 1]);
}

/** How often the attack got what it aims at. */
export function successMap(points: readonly Point[]): HeatMap {
  return figureMap(points, "attackSuccess", [1, 0]);
}

/** Attacks side by side, in a panel for each setting; one attack alone by how many there are of it, where that differs. */
function figureMap(points: readonly Point[], figure: "accuracy" | "attackSuccess", scale: HeatMap["scale"]): HeatMap {
  const isByLevel = new Set(points.map((it) => it.attack)).size === 1 && hasManyLevels(points);
  const cells = points.map((it) => ({
    row: it.defence,
    column: isByLevel ? it.level : it.attack,
    panel: isByLevel ? `${it.attack}, ${it.partition}` : `${it.partition}, ${it.level}`,
    ...inCell(it, figure),
  }));
  return { cells, columnTitle: isByLevel ? levelTitle(points) : "attack", scale };
}
