import { expect, test } from "vitest";
import { parseAttack } from "../../attacks/registry.ts";
import { cellsOf } from "../scenario/cell.ts";
import { smallGrid } from "../testing.ts";
import { successMap, worstCaseMap } from "./charts.ts";
import { cellText } from "./labels.ts";
import { pointsOf, worstCases } from "./summary.ts";
import { runOf } from "./testing.ts";

const trimmed = (numByzantine: number) => ({
  label: `trim ${numByzantine}`,
  preAggregators: [],
  rule: { name: "TrimmedMean" },
  numByzantine,
});

function pointsWith(changes: Parameters<typeof smallGrid>[0]) {
  const attacks = [parseAttack("LabelFlipping:source=1,target=2")];
  return pointsOf(cellsOf(smallGrid({ attacks, ...changes })).map((cell) => runOf(cell, 0.5, cell.attackers / 10)));
}

test("an axis is called f, or how many attack where that is a list, or by neither where rules say their own f", () => {
  const levels = (changes: Parameters<typeof smallGrid>[0]) => pointsWith(changes).map((it) => it.level);
  expect(levels({ numByzantine: [1, 2] })).toEqual(["f = 1", "f = 2"]);
  expect(levels({ numByzantine: [1], attackers: 2 })).toEqual(["f = 1"]);
  expect(levels({ numByzantine: [1], attackers: [0, 2] })).toEqual(["f = 1, 0 attack", "f = 1, 2 attack"]);
  expect(levels({ rules: [trimmed(1)], attackers: [0, 2] })).toEqual(["0 attack", "2 attack"]);
  expect(levels({ rules: [trimmed(1)] })).toEqual(["f by rule"]);
});

test("rules that are told different numbers stand beside one another where as many attack", () => {
  const points = pointsWith({ rules: [trimmed(1), trimmed(2)], attackers: [0, 2] });
  const cases = worstCases(points);
  expect(cases).toHaveLength(4);
  expect(worstCaseMap(cases).columnTitle).toBe("how many attack");
  const told = pointsWith({ numByzantine: [1], attackers: [0, 2] });
  expect(worstCaseMap(worstCases(told)).columnTitle).toBe("attackers, and what the rule is told");
  expect(worstCaseMap(cases).cells.map((it) => [it.row, it.column])).toEqual([
    ["trim 1", "0 attack"],
    ["trim 2", "0 attack"],
    ["trim 1", "2 attack"],
    ["trim 2", "2 attack"],
  ]);
});

test("one attack alone is mapped by how many there are of it", () => {
  const map = successMap(pointsWith({ rules: [trimmed(1)], attackers: [0, 2] })).cells;
  expect(map.map((it) => [it.column, it.text])).toEqual([
    ["0 attack", "0.0"],
    ["2 attack", "20.0"],
  ]);
  expect(new Set(map.map((it) => it.panel)).size).toBe(1);
});

test("a line for people says how many attack where rules are told otherwise", () => {
  const [cell] = cellsOf(smallGrid({ attackers: 1 }));
  if (cell === undefined) throw new Error("no cell");
  expect(cellText(cell)).toBe("SignFlipping against Median, f = 2, 1 attack, iid, seed 0");
  expect(cellText({ ...cell, attackers: 2 })).toBe("SignFlipping against Median, f = 2, iid, seed 0");
});
