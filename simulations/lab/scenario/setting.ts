import { expectedCohort, largestCohort } from "../../../coordinator/index.ts";
import type { Setting } from "../../attacks/registry.ts";
import type { Cell } from "./cell.ts";

/**
 * What an attack can depend on besides its own parameters: a round as it is on average, with the attackers' share of all
 * clients among those it asks. One attacker at least, where there are any: a round without them is none of theirs.
 */
export function attackSettingOf(cell: Pick<Cell, "clients" | "attackers" | "cohort">, numClasses: number): Setting {
  const { clients, attackers } = cell;
  const asked = askedOnAverage(cell);
  const numAttackers = Math.max(Math.min(1, attackers), Math.round((attackers * asked) / clients));
  return { numClients: Math.max(Math.round(asked), numAttackers + 1), numAttackers, numClasses };
}

/** Clients that a round asks, on average. */
export function askedOnAverage({ clients, cohort }: Pick<Cell, "clients" | "cohort">): number {
  return Math.min(expectedCohort(cohort, clients), largestCohort(cohort, clients));
}
