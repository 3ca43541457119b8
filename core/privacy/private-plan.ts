import type { Plan } from "../plan.ts";
import type { Account, Claim } from "./account.ts";
import { clientClaim } from "./client-charge.ts";

export type Private = Exclude<Plan["privacy"], { readonly mode: "none" }>;

export type PrivatePlan = Plan & { readonly privacy: Private };

/** What of a private plan decides about its epsilon. */
export interface PrivateTerms {
  readonly privacy: Private;
  readonly local: Pick<Plan["local"], "steps">;
}

export const isPrivate = (plan: Plan): plan is PrivatePlan => plan.privacy.mode !== "none";

/** What the epsilon of such a plan says. */
export function planClaim(privacy: Private): Claim {
  if (privacy.mode !== "central") return clientClaim(privacy);
  const { adjacency, delta, accountant } = privacy;
  return { unit: "client", adjacency, delta, accountant };
}

/** How many rounds of this job an account was charged for: each step of training is one use, a tree of rounds one. */
export function roundsCharged(account: Account, jobId: string, { local, privacy }: PrivateTerms): number {
  const uses = account.reduce((sum, entry) => sum + (entry.jobId === jobId ? entry.times : 0), 0);
  if (privacy.mode === "example") return uses / local.steps;
  return privacy.mode === "central" && privacy.tree !== undefined ? uses * privacy.tree.numLeaves : uses;
}
