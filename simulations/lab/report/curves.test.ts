import { expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import { type Cell, cellsOf } from "../scenario/cell.ts";
import type { Grid } from "../scenario/scenario.ts";
import { smallGrid } from "../testing.ts";
import { curves } from "./curves.ts";
import { drawSvg } from "./draw.ts";
import { pointsOf } from "./summary.ts";
import { brokenRun, runOf } from "./testing.ts";

const box = { width: 300, height: 200, columns: 2, letters: 40 };
const rule = (label: string) => ({ label, preAggregators: [], rule: { name: "FedAvg", label } });

interface Drawn {
  readonly panel: string;
  readonly round?: number;
  readonly mean?: number;
  readonly breaks?: boolean;
  readonly bound?: number;
  readonly text?: string;
}

function drawn(changes: Partial<Grid>, runOfCell: (cell: Cell) => ReturnType<typeof runOf>) {
  const points = pointsOf(cellsOf(smallGrid(changes)).map(runOfCell));
  const spec = (figure: "accuracy" | "attackSuccess") => curves(points, figure, box);
  const values = (figure: "accuracy" | "attackSuccess") =>
    (spec(figure) as unknown as { data: { values: Drawn[] } }).data.values;
  return { spec, values };
}

test("twenty rules are drawn with twenty looks", async () => {
  const rules = Array.from({ length: 20 }, (_, i) => rule(`rule ${i}`));
  const svg = await drawSvg(drawn({ rules }, (cell) => runOf(cell, 0.5)).spec("accuracy"), "curves");
  const lines = [...svg.matchAll(/<path aria-label="round: [^>]*stroke="(#\w+)"[^>]*stroke-width="2"[^>]*>/g)];
  const looks = lines.map(([path, stroke]) => `${stroke} ${/stroke-dasharray="([^"]+)"/.exec(path)?.[1]}`);
  expect(looks).toHaveLength(20);
  expect(new Set(looks).size).toBe(20);
});

test("attack success is drawn round by round, over seeds, with the rounds in which attackers begin and stop", async () => {
  const attacks = [null, parseAttack("LabelFlipping")];
  const { values, spec } = drawn({ attacks, seeds: [0, 1], attackRounds: { from: 2, to: 2 } }, (cell) =>
    runOf(cell, 0.9, cell.attack === null ? null : 0.2 + 0.4 * cell.seed),
  );
  const of = values("attackSuccess");
  expect(of.filter((it) => it.round !== undefined)).toMatchObject([
    { panel: "LabelFlipping", round: 1, mean: 0.4, min: 0.2, max: expect.closeTo(0.6) },
    { panel: "LabelFlipping", round: 2, mean: 0.4 },
  ]);
  expect(of.filter((it) => it.bound !== undefined)).toEqual([
    { panel: "LabelFlipping", bound: 2, text: "attack begins", isLate: true },
    { panel: "LabelFlipping", bound: 2, text: "attack ends", isLate: true },
  ]);
  expect(await drawSvg(spec("attackSuccess"), "curves")).toContain(">attack ends</text>");
});

test("an attack in every round has no end to mark", () => {
  const { values } = drawn({ attackRounds: { from: 1, to: 3 } }, (cell) => runOf(cell, 0.9));
  expect(values("accuracy").every((it) => it.bound === undefined)).toBe(true);
});

test("a curve goes as far as every seed does, and is crossed out where one broke", () => {
  const { values } = drawn({ seeds: [0, 1] }, (cell) => (cell.seed === 1 ? brokenRun : runOf)(cell, 0.8));
  expect(values("accuracy")).toMatchObject([{ round: 1, mean: expect.closeTo(0.6), breaks: true }]);
});
