import { FederationError } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import { planClaim } from "../../core/privacy/private-plan.ts";
import { attemptCharge } from "./attempt-charge.ts";
import type { NamedCeilings } from "./ceilings.ts";
import type { ChargeBook } from "./charge-book.ts";
import { highestEpsilon, remembered } from "./epsilons.ts";

/**
 * Refuses a job that could not open its first round: its clients have been charged too much by the jobs before it, be it
 * one that it continues from or one that runs beside it, or a ceiling leaves no room for it.
 * @throws PRIVACY_BUDGET_SPENT; PRIVACY_UNSUPPORTED where the plan's accountant does not know its own mechanism
 */
export function checkBudget(
  plan: Plan,
  population: readonly ClientId[],
  book: ChargeBook,
  { ceilings, nameOf }: NamedCeilings,
): void {
  const { privacy } = plan;
  const first = attemptCharge(plan, population.length);
  const accounts = book.accountsOf(population, first);
  if (privacy.mode !== "none" && first !== undefined) {
    const claim = planClaim(privacy);
    boundOf([{ times: 1, ...first }], claim.delta, claim.accountant);
    const epsilon = highestEpsilon(accounts, remembered(claim));
    if (epsilon > privacy.maxEpsilon) {
      const reason = `after the first round epsilon would be ${epsilon}, with what these clients were charged before`;
      throw new FederationError(
        "PRIVACY_BUDGET_SPENT",
        `plan: privacy: ${reason}; maxEpsilon is ${privacy.maxEpsilon}`,
      );
    }
  }
  const refusal = ceilings.refused(accounts, privacy.mode, nameOf);
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
}
