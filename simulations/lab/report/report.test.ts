import { parse } from "csv-parse/sync";
import { beforeAll, expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import type { CellResult } from "../job/result.ts";
import { type Cell, cellIdOf, cellsOf } from "../scenario/cell.ts";
import { smallGrid } from "../testing.ts";
import { csvOf } from "./csv.ts";
import { type Drawn, reportPage } from "./page.ts";
import { pngPainter } from "./png.ts";
import { type Report, reportDigest, reportOf } from "./report.ts";
import { detectionOf, pointsOf, worstCases } from "./summary.ts";
import { attackList, clientTables, detectionTable } from "./tables.ts";
import { madeUp, runOf } from "./testing.ts";

const grid = smallGrid({
  attacks: [null, parseAttack("SignFlipping"), parseAttack("LabelFlipping")],
  rules: [
    { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } },
    { label: "<Median>", preAggregators: [], rule: { name: "Median" } },
    { label: "Krum", preAggregators: [], rule: { name: "Krum" } },
  ],
  seeds: [0, 1],
  about: 'Numbers & "quotes" <of> a test',
});

function resultOf(cell: Cell): CellResult {
  const { attack, defence, seed } = cell;
  if (defence.label === "Krum") return { id: cellIdOf(cell), cell, outcome: "infeasible", reason: "needs 2f + 3" };
  const accuracy = (attack === null ? 0.9 : defence.label === "FedAvg" ? 0.2 : 0.8) + seed * 0.04;
  return runOf(cell, accuracy, attack?.name === "LabelFlipping" ? 0.25 : null);
}

const results = cellsOf(grid).map(resultOf);
const versions = { holdfast: "1.2.3", node: "v20", platform: "linux", backend: "WebAssembly, one thread" };
const data = { trainExamples: 300, testExamples: 90, numClasses: 3, filesSha256: null };
const report: Report = reportOf({ grid, source: "name: small\n", versions, data, results, baselines: [] });
let drawn: Drawn;
beforeAll(async () => {
  drawn = await reportPage(report, "npx holdfast matrix small.yaml");
});

test("points are means over seeds with their spread; the worst case is the worst attack", () => {
  const points = pointsOf(results);
  expect(points).toHaveLength(9);
  expect(points[1]?.accuracy).toEqual({ mean: expect.closeTo(0.92), min: 0.9, max: 0.9400000000000001, count: 2 });
  expect(points.find((it) => it.defence === "Krum")?.shortfall?.reason).toBe("needs 2f + 3");
  const [fedAvg, median, krum] = worstCases(points);
  expect(fedAvg?.worst).toMatchObject({ attack: "SignFlipping", accuracy: { mean: expect.closeTo(0.22) } });
  expect(fedAvg?.clean?.accuracy?.mean).toBeCloseTo(0.92);
  expect(median).toMatchObject({ worst: { accuracy: { mean: expect.closeTo(0.82) } } });
  expect(krum).toMatchObject({ worst: { accuracy: undefined }, clean: { accuracy: undefined } });
});

test("detection by hand: two attackers found in one of two rounds, one false alarm", () => {
  expect(detectionOf({ cell: {}, ...madeUp(0.5, null, 2) })).toEqual({
    precision: 2 / 3,
    recall: 0.5,
    falsePositives: 1 / 8,
    firstRound: 2,
  });
  expect(detectionOf({ cell: {}, ...madeUp(0.5, null, 0) })).toMatchObject({ precision: 0, recall: null });
});

test("attackers that are found out in rounds in which they are honest are no hits, nor misses where they are not", () => {
  const { rounds } = madeUp(0.5, null, 2);
  const firstAlone = detectionOf({ cell: { attackRounds: { from: 1, to: 1 } }, rounds });
  expect(firstAlone).toMatchObject({ recall: 0, precision: 0, firstRound: null, falsePositives: 1 / 8 });
  expect(detectionOf({ cell: { attackRounds: { from: 2 } }, rounds })).toMatchObject({ recall: 1, precision: 1 });
});

test("false alarms are a share of the honest clients that were asked, however many attackers say nothing", () => {
  const of = { round: 1, accuracy: 0.5, loss: 1, attackSuccess: null, refused: 0 };
  const silent = { ...of, admitted: 7, attackers: 3, honest: 7, attackersFlagged: 0, honestFlagged: 7 };
  expect(detectionOf({ cell: {}, rounds: [silent] })).toMatchObject({ falsePositives: 1, recall: 0 });
});

test("rules under one label are points of their own", () => {
  const rules = ["Median", "FedAvg"].map((name) => ({ label: "mine", preAggregators: [], rule: { name } }));
  const points = pointsOf(cellsOf(smallGrid({ rules })).map((cell, i) => runOf(cell, i)));
  expect(points.map((it) => [it.defence, it.accuracy?.mean])).toEqual([
    ["mine", 0],
    ["mine", 1],
  ]);
});

test("what an attack does is told with where it does nothing, by how many attack", () => {
  const attacks = [parseAttack("ALittleIsEnough"), parseAttack("SignFlipping")];
  const list = (numByzantine: number[]) =>
    attackList(
      cellsOf(smallGrid({ attacks, numByzantine })).map((cell) => runOf(cell, 1)),
      3,
    );
  const harmless = "one colluder alone";
  expect(list([2])).not.toContain("without effect");
  expect(list([1])).toContain(`standard deviations; without effect here: ${harmless}`);
  expect(list([1, 2])).toMatch(/<dd>1 attacking: [^<]*without effect here[^<]*<br>2 attacking: [^<]*deviations<\/dd>/);
  expect(list([1, 2])).toContain("<dd>each attacker sends its own delta times -4</dd>");
});

test("the page holds every mark and label, runs no script and asks nothing of any network", () => {
  const { html } = drawn;
  for (const name of ["worst-case accuracy by rule", "accuracy by rule and attack", "attack success by rule"]) {
    expect(html).toContain(`role="img" aria-label="Heat-map of ${name}`);
  }
  // two defences and one that could not run, under three attacks: every value is written on its mark, in both forms
  for (const value of ["22.0", "82.0"]) {
    expect(html.match(new RegExp(`<text[^>]*>${value}</text>`, "g"))?.length).toBeGreaterThanOrEqual(4);
  }
  for (const label of ["SignFlipping", "LabelFlipping", "&lt;Median&gt;", "no attack", "needs 2f + 3"]) {
    expect(html).toContain(label);
  }
  expect(html).toContain("Numbers &amp; &quot;quotes&quot; &lt;of&gt; a test");
  expect(html).toContain(report.sha256);
  expect(html).not.toMatch(/<script|<Median>|(src|href)="(?!data:)/);
  const addresses = new Set(html.match(/https?:\/\/[^"'\s<]+/g));
  expect([...addresses].filter((it) => !it.startsWith("http://www.w3.org/"))).toEqual([]);
});

test("every drawing says on its own axes what its rows and columns are", () => {
  const axes = {
    "worst-case": ["FedAvg", "&lt;Median&gt;", "Krum"],
    attacks: ["FedAvg", "&lt;Median&gt;", "Krum", "none", "SignFlipping", "LabelFlipping"],
    "attack-success": ["FedAvg", "&lt;Median&gt;", "LabelFlipping"],
  };
  for (const [name, labels] of Object.entries(axes)) {
    for (const form of [name, `${name}-narrow`]) {
      const svg = drawn.drawings.find((it) => it.name === form)?.svg ?? "";
      expect(svg.match(/(?<=<text[^>]*>)[^<]+/g), form).toEqual(expect.arrayContaining(labels));
    }
  }
});

test("of many clients those who attack are shown first, and how many are not shown is said", async () => {
  const [cell] = cellsOf(smallGrid());
  if (cell === undefined) throw new Error("no cell");
  const run = runOf(cell, 0.5);
  const clients = Array.from({ length: 60 }, (_, i) => {
    return { name: `client-${10 + i}`, isAttacker: i >= 55, rounds: 1, flagged: 0, refused: 0, figures: {} };
  });
  const html = clientTables(pointsOf([{ ...run, clients }]));
  expect(html.match(/client-\d+ \(attacks\)/g)).toHaveLength(5);
  expect(html.match(/client-\d+/g)).toHaveLength(50);
  expect(html).toContain("10 more clients are in report.json");
});

test("attackers that were found over some seeds only are said to be", () => {
  const [first, second] = cellsOf(smallGrid({ seeds: [0, 1] })) as [Cell, Cell];
  const missed = runOf(second, 0.5);
  const rounds = missed.rounds.map((it) => ({ ...it, attackersFlagged: 0 }));
  expect(detectionTable(pointsOf([runOf(first, 0.5), { ...missed, rounds }]))).toContain("2 (1 of 2 seeds)");
  expect(detectionTable(pointsOf([runOf(first, 0.5)]))).not.toContain("of 1 seeds");
});

test("charts export as PNG", async () => {
  const paint = await pngPainter();
  expect(drawn.drawings.map((it) => it.name)).toEqual([
    ...["worst-case", "worst-case-narrow"],
    ...["attacks", "attacks-narrow"],
    ...["curves-iid-f-2", "curves-iid-f-2-narrow"],
    ...["attack-success", "attack-success-narrow"],
    ...["attack-success-curves-iid-f-2", "attack-success-curves-iid-f-2-narrow"],
  ]);
  for (const { svg } of drawn.drawings) {
    expect(Buffer.from(paint(svg)).subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
  }
  await expect(pngPainter("/nowhere.ttf")).rejects.toMatchObject({ code: "FILE_MISSING" });
});

test("the table for spreadsheets has a line for every cell, quoted where it must be", () => {
  const rows: Record<string, string>[] = parse(csvOf(report), { columns: true });
  expect(rows).toHaveLength(results.length);
  expect(rows[0]).toMatchObject({
    attack: "none",
    role: "grid",
    rule: "FedAvg",
    accuracy: "0.9",
    seed: "0",
    detectionRecall: "",
  });
  expect(rows.find((it) => it["rule"] === "Krum")).toMatchObject({ outcome: "infeasible", accuracy: "" });
});

test("the digest is of what a second run would find again: figures and models, not times and machines", () => {
  const slower = results.map((it) => ("seconds" in it ? { ...it, seconds: { ...it.seconds, total: 99 } } : it));
  expect(reportDigest({ ...report, results: slower })).toBe(report.sha256);
  const better = results.map((it, i) => (i === 0 && "accuracy" in it ? { ...it, accuracy: 0.99 } : it));
  expect(reportDigest({ ...report, results: better })).not.toBe(report.sha256);
  expect(reportDigest({ ...report, baselines: [results[0] as CellResult] })).not.toBe(report.sha256);
});
