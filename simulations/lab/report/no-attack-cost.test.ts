import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import type { CellResult } from "../job/result.ts";
import { baselinesOf } from "../scenario/baselines.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import { smallGrid } from "../testing.ts";
import { csvOf } from "./csv.ts";
import { noAttackCosts } from "./no-attack-cost.ts";
import { reportPage } from "./page.ts";
import { reportOf } from "./report.ts";
import { noAttackCostTable } from "./tables.ts";
import { brokenRun, plainCells, runOf } from "./testing.ts";

const rule = (name: string) => ({ label: name, preAggregators: [], rule: { name } });
const grid = smallGrid({
  attacks: [null, parseAttack("SignFlipping")],
  rules: [rule("FedAvg"), rule("TrimmedMean")],
  numByzantine: [1, 2],
  seeds: [0, 1, 2],
});
const cells = cellsOf(grid);

/** TrimmedMean told f loses f x 0.05, told none it has 0.9, and less by the hundredth of its seed times f. */
const accuracyOf = ({ attack, numByzantine: f, seed }: Cell) =>
  attack === null ? 0.9 - f * 0.05 - f * seed * 0.01 : 0.1;

function foundWith(baseline: (cell: Cell) => CellResult = (cell) => runOf(cell, accuracyOf(cell))) {
  const results = cells.map((cell) => runOf(cell, accuracyOf(cell)));
  return { results, baselines: baselinesOf(cells).map(baseline) };
}

const linesOf = (found: ReturnType<typeof foundWith>) =>
  [...plainCells(noAttackCostTable(noAttackCosts(found))).matchAll(/<tr>(<td>.*)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<td>([^<]*)<\/td>/g)].map(([, text]) => text),
  );

test("by hand: each seed with f less the same seed without, as a mean with its least and greatest", () => {
  const costs = noAttackCosts(foundWith()).filter(({ defence }) => defence === "TrimmedMean");
  expect(costs.map(({ numByzantine, cost }) => [numByzantine, cost])).toEqual([
    [1, { mean: expect.closeTo(-0.06), min: expect.closeTo(-0.07), max: expect.closeTo(-0.05), count: 3 }],
    [2, { mean: expect.closeTo(-0.12), min: expect.closeTo(-0.14), max: expect.closeTo(-0.1), count: 3 }],
  ]);
  expect(linesOf(foundWith())).toEqual([
    ["FedAvg", "iid, f = 1", "84.0", "the same: it does not use f", "0.0"],
    ["TrimmedMean", "iid, f = 1", "84.0", "90.0", "-6.0 (-7.0 to -5.0)"],
    ["FedAvg", "iid, f = 2", "78.0", "the same: it does not use f", "0.0"],
    ["TrimmedMean", "iid, f = 2", "78.0", "90.0", "-12.0 (-14.0 to -10.0)"],
  ]);
});

test("one that cannot run with f = 0 says why in place of a number, and one seed that broke takes the cost away", () => {
  const infeasible = linesOf(
    foundWith((cell) => ({ id: cellIdOf(cell), cell, outcome: "infeasible", reason: "it takes an f" })),
  );
  expect(infeasible[1]?.slice(2)).toEqual(["84.0", "cannot run with f = 0: it takes an f", "–"]);
  const broken = linesOf(foundWith((cell) => (cell.seed === 1 ? brokenRun : runOf)(cell, 0.9)));
  expect(broken[1]?.slice(2)).toEqual(["84.0", "1 of 3 seeds broke: round 2 was given up", "–"]);
});

test("a grid's own cells with f = 0 are what the others are held against", () => {
  const both = smallGrid({ ...grid, numByzantine: [0, 2] });
  const results = cellsOf(both).map((cell) => runOf(cell, accuracyOf(cell)));
  expect(baselinesOf(cellsOf(both))).toEqual([]);
  const lines = linesOf({ results, baselines: [] });
  expect(lines.map((it) => it[1])).toEqual(["iid, f = 2", "iid, f = 2"]);
  expect(lines[1]?.slice(2)).toEqual(["78.0", "90.0", "-12.0 (-14.0 to -10.0)"]);
});

test("added cells are in no heat-map and no curve, and told from the grid's own in the page and the spreadsheet", async () => {
  const found = foundWith((cell) => runOf(cell, 0.987));
  const data = { trainExamples: 300, testExamples: 90, numClasses: 3, filesSha256: null };
  const versions = { holdfast: "1.2.3", node: "v20", platform: "linux", backend: "WebAssembly, one thread" };
  const report = reportOf({ grid, source: "", versions, data, ...found });
  const { html } = await reportPage(report, "npx holdfast matrix");
  const [drawn, listed] = html.split("<h2>What was run");
  expect(drawn).toContain("<h2>No-attack cost</h2>");
  expect(drawn).toContain("98.7");
  expect(html).not.toMatch(/<text[^>]*>98\.7</);
  expect(drawn).not.toContain("iid, f = 0");
  expect(html).toContain("<b>24</b><span>of 24 cells ran every round");
  expect(listed).toContain("none against TrimmedMean, f = 0, iid, seed 0");
  expect(listed).toContain("added for the no-attack cost");
  const rows: Record<string, string>[] = parse(csvOf(report), { columns: true });
  expect(rows.filter(({ role }) => role === "baseline")).toHaveLength(3);
  expect(rows.filter(({ role }) => role === "grid")).toHaveLength(24);
  expect(rows.at(-1)).toMatchObject({ role: "baseline", rule: "TrimmedMean", numByzantine: "0", accuracy: "0.987" });
});
