import { type Refusal, refuse } from "../../core/errors.ts";
import { type Plan, reputationSettings } from "../../core/plan.ts";
import type { CentralPrivacy, TreeSettings } from "../../core/plan-privacy.ts";
import { mostParticipations } from "../../core/privacy/accountants/tree.ts";
import { participationLimits } from "../../core/privacy/central-charge.ts";
import { largestCohort } from "./sampling-claim.ts";

/**
 * Whether a job can keep what its plan's privacy rests on, for a population of `numClients`: that absence tells nothing of
 * a secret draw, that the participation limits of a tree leave clients for every round, and that nobody need tell how
 * much data it has.
 */
export function checkSchedule(plan: Plan, numClients: number): Refusal | undefined {
  const { privacy, aggregation } = plan;
  if (privacy.mode === "none") return undefined;
  const reason =
    privacy.mode === "central" ? refusedCentral(plan, privacy, numClients) : refusedWeights(aggregation.weights);
  return reason === undefined ? undefined : refuse("PRIVACY_UNSUPPORTED", reason);
}

/** Under privacy clients tell no number of examples (admission/checks.ts). */
function refusedWeights(weights: Plan["aggregation"]["weights"]): string | undefined {
  if (weights === "uniform") return undefined;
  return `aggregation.weights ${weights}: a client's number of examples is not covered; accepted is uniform`;
}

function refusedCentral(plan: Plan, privacy: CentralPrivacy, numClients: number): string | undefined {
  const { cohort, rounds } = plan;
  const { tree, onAbsence } = privacy;
  if (cohort.sampling === "poisson" && onAbsence === "abandon") {
    return "cohort.sampling poisson: an attempt given up for one client would tell that it was drawn; accepted is privacy.onAbsence zero";
  }
  if (tree === undefined) return undefined;
  if (cohort.sampling === "poisson") {
    return "privacy.tree: participation limits, not coins, decide who is asked; accepted is cohort.sampling full or fixed";
  }
  if (onAbsence === "abandon") {
    return "privacy.tree: whose turn it is next would depend on who answered; accepted is privacy.onAbsence zero";
  }
  if (reputationSettings(plan).mode === "quarantine") {
    return "privacy.tree: whose turn it is would depend on updates before the noise; accepted is reputation.mode observe";
  }
  return refusedLimits(tree, rounds, largestCohort(cohort, numClients), numClients);
}

/** The limits must leave enough clients for each round, or rounds would be made of noise alone. */
function refusedLimits(tree: TreeSettings, rounds: number, size: number, numClients: number): string | undefined {
  const leaves = Math.min(tree.numLeaves, rounds);
  const parts = mostParticipations(leaves, participationLimits(tree));
  const most = Math.floor(Math.min((numClients * parts) / leaves, numClients / Math.min(tree.minSeparation, leaves)));
  if (size <= most) return undefined;
  const limits = `each of ${numClients} clients in at most ${parts} of ${leaves} rounds, ${tree.minSeparation} apart`;
  const accepted = most < 1 ? "wider limits" : `wider limits, or cohort.sampling fixed of at most ${most}`;
  return `privacy.tree: ${limits} cannot fill rounds of ${size}; accepted: ${accepted}`;
}
