import { parseAttack } from "../../attacks/registry.ts";
import { partitionText } from "../../partitions/settings.ts";
import type { Cell } from "../scenario/cell.ts";

/** What the axes of a report call a cell. */
export interface CellLabels {
  readonly attack: string;
  readonly defence: string;
  readonly partition: string;
  readonly numByzantine: number;
}

export const NO_ATTACK = "none";

export function labelsOf({ attack, defence, partition, numByzantine }: Cell): CellLabels {
  return {
    attack: attack === null ? NO_ATTACK : attackText(attack),
    defence: defence.label,
    partition: partitionText(partition),
    numByzantine,
  };
}

/** `SignFlipping`, or `SignFlipping(scale 10)`: parameters that are not the defaults. */
function attackText({ name, ...parameters }: NonNullable<Cell["attack"]>): string {
  const defaults: Readonly<Record<string, unknown>> = parseAttack(name);
  const told = Object.entries(parameters)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]))
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  return told.length === 0 ? name : `${name}(${told.join(", ")})`;
}

/**
 * What the axes of a report of these cells call how many attack and what rules are told: `f = 3`; where cells differ by how
 * many attack, `5 attack`; where rules say their own numByzantine, nothing of that.
 */
export function levelOf(cells: readonly Cell[]): (cell: Cell) => string {
  const isTold = cells.every(({ defence }) => defence.numByzantine === undefined);
  const toldTo = ({ numByzantine }: Cell) => (isTold ? `f = ${numByzantine}` : "");
  const attacked = cells.filter(({ attack }) => attack !== null);
  const hasMany =
    new Set(attacked.map((it) => `${toldTo(it)}, ${it.attackers}`)).size > new Set(attacked.map(toldTo)).size;
  return (cell) => {
    const parts = [toldTo(cell), hasMany ? `${cell.attackers} attack` : ""].filter((it) => it !== "");
    return parts.length === 0 ? "f by rule" : parts.join(", ");
  };
}

/** One line for people. */
export function cellText(cell: Cell): string {
  const { attack, defence, partition, numByzantine } = labelsOf(cell);
  const others = cell.attack === null || cell.attackers === numByzantine ? "" : `, ${cell.attackers} attack`;
  return `${attack} against ${defence}, f = ${numByzantine}${others}, ${partition}, seed ${cell.seed}`;
}
