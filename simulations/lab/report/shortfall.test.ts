import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import type { CellResult } from "../job/result.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import { smallGrid } from "../testing.ts";
import { attackMap, worstCaseMap } from "./charts.ts";
import { csvOf } from "./csv.ts";
import type { HeatMap } from "./heat-map.ts";
import { reportPage } from "./page.ts";
import { reportOf } from "./report.ts";
import { pointsOf, worstCases } from "./summary.ts";
import { pointTable, worstCaseTable } from "./tables.ts";
import { brokenRun, plainCells, runOf } from "./testing.ts";

const rule = (name: string) => ({ label: name, preAggregators: [], rule: { name } });
const grid = smallGrid({
  attacks: [null, parseAttack("SignFlipping"), parseAttack("GaussianNoise")],
  rules: [rule("FedAvg"), rule("Median")],
  seeds: [0, 1],
});
const data = { trainExamples: 300, testExamples: 90, numClasses: 3, filesSha256: null };
const versions = { holdfast: "1.2.3", node: "v20", platform: "linux", backend: "WebAssembly, one thread" };
const failed = (cell: Cell): CellResult => ({ id: cellIdOf(cell), cell, outcome: "failed", reason: "the thread died" });

/** FedAvg loses a little under SignFlipping, and under noise what `noisy` says of each seed; Median loses more. */
const resultsWith = (noisy: (cell: Cell) => CellResult) =>
  cellsOf(grid).map((cell) => {
    const isNoisy = cell.attack?.name === "GaussianNoise" && cell.defence.label === "FedAvg";
    return isNoisy
      ? noisy(cell)
      : runOf(cell, cell.attack === null ? 0.9 : cell.defence.label === "Median" ? 0.7 : 0.8);
  });
const textsOf = ({ cells }: HeatMap) => cells.map((it) => it.text);

test("an attack that broke the job is the worst case, whatever accuracy the last good model had", () => {
  const points = pointsOf(resultsWith((cell) => brokenRun(cell, 0.95)));
  const [fedAvg, median] = worstCases(points);
  expect(fedAvg?.worst).toMatchObject({ attack: "GaussianNoise", accuracy: undefined, attackSuccess: undefined });
  expect(median?.worst?.accuracy?.mean).toBeCloseTo(0.7);
  expect(textsOf(worstCaseMap(worstCases(points)))).toEqual(["broke", "70.0"]);
  expect(textsOf(attackMap(points))).toEqual(["90.0", "90.0", "80.0", "70.0", "broke", "70.0"]);
  expect(plainCells(worstCaseTable(worstCases(points)))).toContain("<td>broke</td><td>GaussianNoise</td>");
  expect(plainCells(pointTable(points))).toContain("<td>2 of 2 seeds broke: round 2 was given up</td><td>broke</td>");
});

test("one seed of two is enough to take the number away, and is said to be one", () => {
  const points = pointsOf(resultsWith((cell) => (cell.seed === 0 ? brokenRun : runOf)(cell, 0.95)));
  expect(textsOf(worstCaseMap(worstCases(points)))).toEqual(["broke 1/2", "70.0"]);
  expect(plainCells(pointTable(points))).toContain(
    "<td>1 of 2 seeds broke: round 2 was given up</td><td>broke 1/2</td>",
  );
});

test("an attack whose runs failed, or that a rule cannot meet, leaves the worst case unknown", () => {
  const points = pointsOf(resultsWith((cell) => (cell.seed === 0 ? failed(cell) : runOf(cell, 0.95))));
  expect(textsOf(worstCaseMap(worstCases(points)))).toEqual(["failed 1/2", "70.0"]);
  expect(plainCells(worstCaseTable(worstCases(points)))).toContain("<td>failed 1/2</td><td>GaussianNoise</td>");
  const infeasible = pointsOf(resultsWith((cell) => ({ ...failed(cell), outcome: "infeasible" }) as CellResult));
  expect(textsOf(worstCaseMap(worstCases(infeasible)))).toEqual(["–", "70.0"]);
});

test("the gravest comes first: broken before failed before infeasible before any accuracy", () => {
  const outcomes = pointsOf(
    resultsWith((cell) => (cell.seed === 0 ? failed(cell) : brokenRun(cell, 0.95))).map((it) =>
      it.cell.attack?.name === "SignFlipping" && it.cell.defence.label === "FedAvg" ? failed(it.cell) : it,
    ),
  );
  expect(worstCases(outcomes)[0]?.worst).toMatchObject({ attack: "GaussianNoise", shortfall: { outcome: "broken" } });
});

test("the rule that broke is not the best, and the page and the spreadsheet give it no last figure", async () => {
  const results = resultsWith((cell) => brokenRun(cell, 0.95));
  const { html } = await reportPage(
    reportOf({ grid, source: "", versions, data, results, baselines: [] }),
    "npx holdfast matrix",
  );
  expect(html).toContain("<b>70.0 %</b><span>the best rule's worst case over all settings: Median");
  expect(html).toContain("<b>10</b><span>of 12 cells ran every round");
  // in either form of two heat-maps
  expect(html.match(/<text[^>]*>broke<\/text>/g)).toHaveLength(4);
  expect(plainCells(html)).toContain("<td>broken: round 2 was given up</td>");
  const rows: Record<string, string>[] = parse(csvOf({ results, baselines: [] }), { columns: true });
  const broken = rows.filter((it) => it["outcome"] === "broken");
  expect(broken).toHaveLength(2);
  expect(broken[0]).toMatchObject({ accuracy: "", worstClientAccuracy: "", reason: "round 2 was given up" });
});

test("an attack that aims at something and broke the job has its place beside those it did not break", async () => {
  const aimed = smallGrid({ ...grid, attacks: [parseAttack("LabelFlipping")], seeds: [0] });
  const results = cellsOf(aimed).map((cell) => (cell.defence.label === "FedAvg" ? brokenRun : runOf)(cell, 0.8, 0.3));
  const { html } = await reportPage(
    reportOf({ grid: aimed, source: "", versions, data, results, baselines: [] }),
    "npx holdfast matrix",
  );
  expect(html).toMatch(/attack success by rule and attack.*>broke<\/text>.*>30.0<\/text>/s);
  expect(plainCells(html)).toMatch(/<h2>Detection.*<td>iid, f = 2, broke<\/td>.*<td>iid, f = 2<\/td>/s);
});
