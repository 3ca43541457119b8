import { canonicalJson } from "../../core/crypto/canonical-json.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import { planClaim } from "../../core/privacy/private-plan.ts";
import type { AttemptCharge } from "../rounds/events.ts";
import type { NamedCeilings } from "./ceilings.ts";
import type { ChargeBook } from "./charge-book.ts";
import { highestEpsilon, remembered } from "./epsilons.ts";

/** What a job may spend of its clients' privacy: under its plan, and under the ceilings that administrators have set. */
export interface Budget {
  /**
   * Epsilon at the plan's delta of all that the job's clients were charged, in this job and others: that of the client
   * with the most. Null without differential privacy.
   */
  spent(): number | null;
  /** The same with one more charge: what the next attempt will cost. */
  afterNext(charge: AttemptCharge | undefined): number | null;
  /** Why an attempt of that cost must not begin. */
  refused(charge: AttemptCharge | undefined): Refusal | undefined;
}

/** Looked up for every client of every round, and dear to compute: what one account costs is computed once. */
export function budgetOf(
  job: { jobId: JobId; plan: Plan },
  book: ChargeBook,
  { ceilings, nameOf }: NamedCeilings,
): Budget {
  const { jobId, plan } = job;
  const { privacy } = plan;
  const beyondCeiling = (next: AttemptCharge | undefined) =>
    ceilings.refused(book.accounts(jobId, next), privacy.mode, nameOf);
  if (privacy.mode === "none") return { spent: () => null, afterNext: () => null, refused: beyondCeiling };

  const epsilonOf = remembered(planClaim(privacy));
  const sinceChange = untilChange(book);
  const highest = (next: AttemptCharge | undefined) =>
    sinceChange(canonicalJson(next ?? null), () => highestEpsilon(book.accounts(jobId, next), epsilonOf));
  return {
    spent: () => highest(undefined),
    afterNext: highest,
    refused(next) {
      const epsilon = highest(next);
      if (epsilon <= privacy.maxEpsilon) return beyondCeiling(next);
      return refuse("PRIVACY_BUDGET_SPENT", `the next round would exceed maxEpsilon: epsilon would be ${epsilon}`);
    },
  };
}

/** Remembers what was computed since the book last changed. */
function untilChange(book: ChargeBook): (key: string, compute: () => number) => number {
  const known = new Map<string, number>();
  let revision = book.revision;
  return (key, compute) => {
    if (revision !== book.revision) known.clear();
    revision = book.revision;
    const value = known.get(key) ?? compute();
    known.set(key, value);
    return value;
  };
}
