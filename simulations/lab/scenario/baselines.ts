import { whyInfeasible } from "../job/lab-plan.ts";
import { type Cell, cellIdOf } from "./cell.ts";

/**
 * Steps that ask for enough updates by f, and go by it in nothing else: of as many updates they make the same, whatever f
 * they are told. A step that is not named here is run with f = 0 as well, at worst to the same model.
 */
const HEEDLESS_OF_F: ReadonlySet<string> = new Set([
  "FedAvg",
  "WeightedMedian",
  "NormClippedWeightedMean",
  "Median",
  "GeometricMedian",
  "CenteredClipping",
  "FLTrust",
  "FoolsGold",
  "FLAME",
  "SignGuard",
  "FLDetector",
  "NormClipping",
  "Bucketing",
]);

/** Whether another f can make another model where nobody attacks. Quarantine leaves out up to f clients, whatever the rule. */
export function heedsF({ defence, reputation }: Pick<Cell, "defence" | "reputation">): boolean {
  const { preAggregators, rule } = defence;
  return reputation?.mode === "quarantine" || [...preAggregators, rule].some(({ name }) => !HEEDLESS_OF_F.has(name));
}

/** A cell in which nobody attacks, its defence told so. */
export const toldNobodyAttacks = (cell: Cell): Cell => ({ ...cell, attack: null, numByzantine: 0 });

/**
 * Cells that are run besides those of a grid, so that each of its cells in which nobody attacks has the same defence told
 * f = 0 beside it: the no-attack cost is the difference. They are nobody's setting, and no part of the grid's own tables.
 * Where the cell cannot run there is no cost, and where its defence does not go by f it is zero: nothing is added then.
 */
export function baselinesOf(cells: readonly Cell[]): Cell[] {
  const known = new Set(cells.map(cellIdOf));
  return cells.filter(isCharged).flatMap((cell) => {
    const baseline = toldNobodyAttacks(cell);
    const id = cellIdOf(baseline);
    if (known.has(id) || !heedsF(cell) || whyInfeasible(cell) !== undefined) return [];
    known.add(id);
    return [baseline];
  });
}

/** Whether the cell has a no-attack cost: nobody attacks, and the defence is told that somebody might. */
export const isCharged = ({ attackers, numByzantine }: Cell): boolean => attackers === 0 && numByzantine > 0;
