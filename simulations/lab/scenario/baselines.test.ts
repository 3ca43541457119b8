import { expect, test } from "vitest";
import { clientIdOf } from "../../../core/ids.ts";
import { gaussian } from "../../../core/random/gaussian.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { parseAttack } from "../../attacks/registry.ts";
import { pipelineView } from "../clients/pipeline-view.ts";
import { aggregationOf } from "../job/lab-plan.ts";
import { smallCell, smallGrid } from "../testing.ts";
import { baselinesOf, heedsF, toldNobodyAttacks } from "./baselines.ts";
import { type Cell, cellIdOf, cellsOf } from "./cell.ts";
import type { Defence } from "./defence.ts";
import type { Grid } from "./scenario.ts";

const rule = (name: string, ...before: string[]): Defence => {
  return { label: [...before, name].join("+"), preAggregators: before.map((it) => ({ name: it })), rule: { name } };
};
const attacks = [null, parseAttack("SignFlipping")];
const gridOf = (changes: Partial<Grid>) => smallGrid({ attacks, clients: 9, seeds: [0, 1], ...changes });
const addedTo = (changes: Partial<Grid>) => baselinesOf(cellsOf(gridOf(changes)));

test("each defence that goes by f is told 0 as well, once for all f of the grid, on every partition and seed", () => {
  const rules = [rule("FedAvg"), rule("TrimmedMean"), rule("Median", "NNM")];
  const partitions = [{ name: "iid" }, { name: "dirichlet", alpha: 0.5 }] as Grid["partitions"];
  const added = addedTo({ rules, numByzantine: [1, 2], partitions });
  expect(added).toHaveLength(2 * 2 * 2);
  expect(new Set(added.map(cellIdOf)).size).toBe(added.length);
  expect(added.every((it) => it.attack === null && it.attackers === 0 && it.numByzantine === 0)).toBe(true);
  expect(new Set(added.map((it) => it.defence.label))).toEqual(new Set(["TrimmedMean", "NNM+Median"]));
  expect(new Set(added.map((it) => it.seed))).toEqual(new Set([0, 1]));
});

test("an added cell is the cell that a grid with f = 0 has, which then adds none", () => {
  const rules = [rule("TrimmedMean")];
  const [added] = addedTo({ rules, numByzantine: [2] });
  const ids = cellsOf(gridOf({ rules, numByzantine: [0] })).map(cellIdOf);
  expect(ids).toContain(added && cellIdOf(added));
  expect(addedTo({ rules, numByzantine: [0, 2] })).toEqual([]);
  expect(addedTo({ rules, numByzantine: [0] })).toEqual([]);
});

test("nothing is added where somebody attacks in every cell, or where the rule cannot run with its f", () => {
  expect(addedTo({ rules: [rule("TrimmedMean")], numByzantine: [2], attacks: attacks.slice(1) })).toEqual([]);
  expect(addedTo({ rules: [rule("TrimmedMean")], numByzantine: [5] })).toEqual([]);
  expect(addedTo({ rules: [rule("TrimmedMean")], numByzantine: [4] })).toHaveLength(2);
});

test("an attack by none of the clients is no attack", () => {
  const added = addedTo({ rules: [rule("TrimmedMean")], numByzantine: [2], attacks: attacks.slice(1), attackers: 0 });
  expect(added).toHaveLength(2);
  expect(added.every((it) => it.attack === null)).toBe(true);
});

test("quarantine goes by f, whatever the rule", () => {
  const of = { defence: rule("FedAvg") };
  const { reputation } = smallCell();
  expect(heedsF({ ...of, reputation })).toBe(false);
  expect(heedsF({ ...of, reputation: { ...reputation, mode: "quarantine" } as typeof reputation })).toBe(true);
});

const HEEDLESS: Defence[] = [
  ...["FedAvg", "WeightedMedian", "NormClippedWeightedMean", "Median", "GeometricMedian", "FLTrust", "FoolsGold"],
  ...["FLAME", "SignGuard", "FLDetector"],
].map((name) => rule(name));
HEEDLESS.push({ ...rule("CenteredClipping"), rule: { name: "CenteredClipping", tau: 0.1 } });
HEEDLESS.push({ ...rule("FedAvg", "NormClipping"), preAggregators: [{ name: "NormClipping", clipNorm: 0.1 }] });
HEEDLESS.push(rule("GeometricMedian", "Bucketing"));

const ROWS = Array.from({ length: 9 }, (_, i) => {
  const normal = gaussian(seededRandom(new Uint8Array(32).fill(i)));
  const delta = Float32Array.from({ length: 12 }, () => 1 + normal());
  return { clientId: clientIdOf(`client ${i}`), delta, weight: 1 + i };
});

/** The aggregate of nine updates by the cell's whole pipeline. */
async function aggregateBy(cell: Cell): Promise<readonly number[] | undefined> {
  const nothing = { vectors: new Map(), numbers: {} };
  const state = { previousAggregate: undefined, clipNorm: undefined, memory: nothing };
  const values = await pipelineView(aggregationOf(cell))(ROWS, state, new Float32Array(12).fill(1));
  return values && [...values];
}

const toldTwo = (defence: Defence) => smallCell({ attack: null, attackers: 0, clients: 9, numByzantine: 2, defence });

test.each(HEEDLESS)("$label makes the same of its updates whatever f it is told", async (defence) => {
  const cell = toldTwo(defence);
  expect(heedsF(cell)).toBe(false);
  const aggregate = await aggregateBy(cell);
  expect(aggregate).toHaveLength(12);
  expect(await aggregateBy(toldNobodyAttacks(cell))).toEqual(aggregate);
});

test.each(["TrimmedMean", "MultiKrum", "CGE", "DnC"])("%s does not, and is run", async (name) => {
  const cell = toldTwo(rule(name));
  expect(heedsF(cell)).toBe(true);
  expect(await aggregateBy(toldNobodyAttacks(cell))).not.toEqual(await aggregateBy(cell));
});
