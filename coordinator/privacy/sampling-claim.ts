import { type Plan, reputationSettings } from "../../core/plan.ts";
import type { Sampling } from "../../core/privacy/accountants/mechanism.ts";

/** How much of a plan's sampling an accountant may build on. */
export interface SamplingClaim {
  readonly sampling: Sampling;
  /** Why it is no more, and what would be accepted; undefined where nothing is lost. */
  readonly forfeited: string | undefined;
}

/**
 * Amplification is claimed for the scheduler's own secret coins and for nothing else (docs/privacy.md): a round that
 * closes with the fastest, or a cohort that depends on what is thought of clients, is charged as if everybody took part.
 * @param numClients of the job's population, from which every round draws
 */
export function samplingClaim(plan: Plan, numClients: number): SamplingClaim {
  const { cohort, round, privacy } = plan;
  const mostDrawn = largestCohort(cohort, numClients);
  // trees need no sampling, and clients take turns in them
  const hasTrees = privacy.mode === "central" && privacy.tree !== undefined;
  if (cohort.sampling === "full" || hasTrees) return { sampling: "full", forfeited: undefined };
  if (round.quorum < mostDrawn) {
    const most = `up to ${mostDrawn} clients that are drawn`;
    return forfeited(`the round closes with the fastest ${round.quorum} of ${most}`, `round.quorum ${mostDrawn}`);
  }
  if (reputationSettings(plan).mode === "quarantine") {
    return forfeited("reputation decides who is drawn", "reputation.mode observe");
  }
  return { sampling: drawnFrom(cohort, numClients), forfeited: undefined };
}

function forfeited(reason: string, accepted: string): SamplingClaim {
  const said = `${reason}: amplification by sampling is forfeited, and every round is charged as if all took part`;
  return { sampling: "full", forfeited: `${said}; with ${accepted} it is not` };
}

type Drawn = Exclude<Plan["cohort"], { readonly sampling: "full" }>;

function drawnFrom(cohort: Drawn, population: number): Sampling {
  if (cohort.sampling === "fixed") {
    return cohort.size >= population ? "full" : { fixed: { cohort: cohort.size, population } };
  }
  const { rate, cap = population } = cohort;
  // the log that every client can read lists as many commitments as clients were asked
  const drawn = { rate, population, sizePublished: true } as const;
  if (cap < population) return { poisson: { ...drawn, cap } };
  return rate === 1 ? "full" : { poisson: drawn };
}

/** The most clients that one round can ask. */
export function largestCohort(cohort: Plan["cohort"], numClients: number): number {
  switch (cohort.sampling) {
    case "full":
      return numClients;
    case "fixed":
      return Math.min(cohort.size, numClients);
    case "poisson":
      return Math.min(cohort.cap ?? numClients, numClients);
  }
}

/**
 * How many clients a round asks, on average where that is left to chance (a cap is left out of the account): what is
 * public of a cohort's size.
 */
export function expectedCohort(cohort: Plan["cohort"], populationSize: number): number {
  switch (cohort.sampling) {
    case "full":
      return populationSize;
    case "fixed":
      return Math.min(cohort.size, populationSize);
    case "poisson":
      return cohort.rate * populationSize;
  }
}
