import type { Plan } from "../../core/plan.ts";
import type { GaussianMechanism } from "../rounds/events.ts";
import { epsilonOf, mechanismOf } from "./ledger.ts";

/** Every charge the population ever paid, over all jobs: the budget belongs to the people, not to the job. */
export class ChargeBook {
  readonly #charges: GaussianMechanism[] = [];

  add(charge: GaussianMechanism): void {
    this.#charges.push(charge);
  }

  /** The charges as seen under one adjacency. */
  under(adjacency: GaussianMechanism["adjacency"]): GaussianMechanism[] {
    return this.#charges.map((charge) => underAdjacency(charge, adjacency));
  }
}

/** What a job may spend: epsilon at the plan's delta, over everything its population has paid. */
export interface Budget {
  /** Null without differential privacy. */
  spent(): number | null;
  afterNext(): number | null;
  /** Whether one more attempt would exceed maxEpsilon. */
  exhausted(): boolean;
}

export function budgetOf(privacy: Plan["privacy"], book: ChargeBook): Budget {
  if (privacy.mode === "none") return { spent: () => null, afterNext: () => null, exhausted: () => false };
  const { adjacency, delta, maxEpsilon } = privacy;
  const afterNext = () => epsilonOf([...book.under(adjacency), mechanismOf(privacy)], delta);
  return {
    spent: () => epsilonOf(book.under(adjacency), delta),
    afterNext,
    exhausted: () => afterNext() > maxEpsilon,
  };
}

/**
 * Zeroing a client out is one way of replacing it, so a multiplier for replace-one holds for zero-out as it is; the
 * other way the sensitivity doubles and the multiplier halves (docs/privacy.md).
 */
function underAdjacency(charge: GaussianMechanism, adjacency: GaussianMechanism["adjacency"]): GaussianMechanism {
  if (charge.adjacency === adjacency) return charge;
  const noiseMultiplier = adjacency === "zero-out" ? charge.noiseMultiplier : charge.noiseMultiplier / 2;
  return { ...charge, adjacency, noiseMultiplier };
}
