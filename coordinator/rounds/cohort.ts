import type { ClientId } from "../../core/ids.ts";
import { type Plan, reputationSettings } from "../../core/plan.ts";
import { permutation, type Random } from "../../core/random/random.ts";
import type { EnrolledClient } from "../parts.ts";

/**
 * Who is asked this round, by client id. The draw uses a CSPRNG and nothing about the clients (docs/privacy.md:
 * selection by speed, health or reputation forfeits amplification). An absent or slow client is still drawn.
 */
export function drawCohort(
  sampling: Plan["cohort"],
  population: readonly ClientId[],
  random: Random,
): readonly ClientId[] {
  switch (sampling.sampling) {
    case "full":
      return [...population].sort();
    case "fixed":
      return [...permutation(random, population.length).subarray(0, sampling.size)]
        .map((index) => population[index] as ClientId)
        .sort();
    case "poisson":
      return population.filter(() => random.uniform() < sampling.rate).sort();
  }
}

/** The least number of updates a committed round of this plan can rest on. */
export function smallestCohort(plan: Plan, populationSize: number): number {
  return plan.privacy.mode === "central" ? populationSize : Math.min(plan.round.minUpdates, populationSize);
}

/** How many clients a round asks, on average where that is left to chance. */
export function expectedCohort(sampling: Plan["cohort"], populationSize: number): number {
  switch (sampling.sampling) {
    case "full":
      return populationSize;
    case "fixed":
      return Math.min(sampling.size, populationSize);
    case "poisson":
      return sampling.rate * populationSize;
  }
}

/**
 * Whether a cohort of this plan may be drawn from the client. Under central privacy whom a round asks must not depend on
 * what is thought of anybody. Quarantine binds the jobs whose own plan asks for it: another one cannot be starved by it.
 */
export function mayBeAsked(plan: Plan, client: EnrolledClient | undefined): boolean {
  if (plan.privacy.mode === "central") return true;
  if (client === undefined || client.revoked) return false;
  return !(client.quarantined && reputationSettings(plan).mode === "quarantine");
}
