import { expect, test } from "vitest";
import { PUBLISHED_FOOLSGOLD } from "../../bench/published-foolsgold.ts";
import { readGrid } from "../lab/command/read-grid.ts";
import { cellsOf } from "../lab/scenario/cell.ts";

const { grid } = await readGrid("simulations/scenarios/foolsgold.yaml", "grid", ".");
const cells = cellsOf(grid);

/** What the published table's rules are told among n clients (Fung, Yoon and Beschastnikh 2018). */
const RULES: Readonly<Record<string, { readonly rule: object; readonly f: (n: number) => number }>> = {
  mean: { rule: { name: "FedAvg" }, f: () => 0 },
  median: { rule: { name: "Median" }, f: () => 0 },
  "trim 0.1": { rule: { name: "TrimmedMean" }, f: (n) => Math.floor(0.1 * n) },
  "trim 0.2": { rule: { name: "TrimmedMean" }, f: (n) => Math.floor(0.2 * n) },
  "multi-Krum, drop 1": { rule: { name: "MultiKrum", select: "n-f" }, f: () => 1 },
  FoolsGold: { rule: { name: "FoolsGold" }, f: () => 0 },
};

test("the file is the published experiment: its rules, its sybils and what they are told, cell by cell", () => {
  const expected = [0, 1, 2, 5, 9].flatMap((sybils) =>
    Object.entries(RULES).map(([label, { rule, f }]) => {
      const clients = 10 + sybils;
      return { label, rule, clients, attackers: sybils, numByzantine: f(clients) };
    }),
  );
  const found = cells.map(({ defence: { label, rule }, clients, attackers, numByzantine }) => {
    return { label, rule, clients, attackers, numByzantine };
  });
  expect(found).toEqual(expected);
});

test("what all of its cells have in common is the published setting", () => {
  for (const cell of cells) {
    expect(cell).toMatchObject({
      data: { name: "mnist", divisor: 100 },
      model: { builtin: "softmax", bias: false, initialRange: [0, 0.01] },
      partition: { name: "one-class" },
      attackersHold: { label: 1 },
      attack: { name: "LabelFlipping", source: 1, target: 7 },
      rounds: 3_000,
      local: { steps: 1, batchSize: 50, learningRate: 0.01, momentum: 0 },
      habits: { weightDecay: 0.01, clipNorm: 1 },
      cohort: { sampling: "full" },
      privacy: { mode: "none" },
      serverOptimizer: { name: "FedAvg", learningRate: 1 },
      weights: "uniform",
      maxNorm: 1e6,
      seed: 0,
    });
    expect(cell.attackRounds ?? cell.reputation ?? cell.rootDataset ?? cell.maxExamples).toBeUndefined();
  }
});

test("every cell has its published figure", () => {
  const published = PUBLISHED_FOOLSGOLD.flatMap(({ rule, published }) => published.map(([k]) => `${rule}, ${k}`));
  expect(cells.map((it) => `${it.defence.label}, ${it.attackers}`).sort()).toEqual(published.sort());
});
