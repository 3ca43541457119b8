import { type CellResult, hasRun } from "../job/result.ts";
import { heedsF, isCharged, toldNobodyAttacks } from "../scenario/baselines.ts";
import { cellIdOf } from "../scenario/cell.ts";
import { type CellLabels, labelsOf } from "./labels.ts";
import type { Report } from "./report.ts";
import { type Shortfall, shortfallOf } from "./shortfall.ts";
import { grouped, type Spread, spreadOf } from "./summary.ts";

/** What a defence costs where nobody attacks, for being told that f clients might. */
export interface NoAttackCost extends Omit<CellLabels, "attack"> {
  /** Accuracy told f, and told f = 0: over the same seeds, data and clients. */
  readonly told: Side;
  /** Undefined where the defence makes the same of its updates whatever f it is told: it has not been run then. */
  readonly toldNone: Side | undefined;
  /** The first less the second, seed by seed; below zero, accuracy is lost. Undefined where either has no figure. */
  readonly cost: Spread | undefined;
}

interface Side {
  readonly shortfall: Shortfall | undefined;
  readonly accuracy: Spread | undefined;
}

/** By defence, partition and f > 0, in the order of the grid. */
export function noAttackCosts({ results, baselines }: Pick<Report, "results" | "baselines">): NoAttackCost[] {
  const byId = new Map([...results, ...baselines].map((it) => [it.id, it]));
  const charged = results.filter(({ cell }) => isCharged(cell));
  return grouped(charged, ({ cell: { seed: _, attack: __, ...settings } }) => settings).map((group) => {
    const { cell } = group[0] as CellResult;
    const { attack, ...labels } = labelsOf(cell);
    // attacks by nobody are one and the same
    const told = group.filter((it) => labelsOf(it.cell).attack === attack);
    const twins = told.map((it) => byId.get(cellIdOf(toldNobodyAttacks(it.cell))));
    const found = twins.filter((it) => it !== undefined);
    const isSame = found.length === 0 && !heedsF(cell);
    const sides = { told: sideOf(told), toldNone: isSame ? undefined : sideOf(found) };
    return { ...labels, ...sides, cost: costOf(told, isSame ? told : twins) };
  });
}

function sideOf(results: readonly CellResult[]): Side {
  const shortfall = shortfallOf(results);
  return { shortfall, accuracy: shortfall === undefined ? spreadOf(results.map(accuracyOf)) : undefined };
}

/** @param toldNone by the same seeds in the same order */
function costOf(told: readonly CellResult[], toldNone: readonly (CellResult | undefined)[]): Spread | undefined {
  if (shortfallOf([...told, ...toldNone.filter((it) => it !== undefined)]) !== undefined) return undefined;
  const differences = told.map((it, i) => {
    const [accuracy, less] = [accuracyOf(it), accuracyOf(toldNone[i])];
    return accuracy === null || less === null ? null : accuracy - less;
  });
  return spreadOf(differences);
}

const accuracyOf = (result: CellResult | undefined): number | null =>
  result !== undefined && hasRun(result) ? result.accuracy : null;
