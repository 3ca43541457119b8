import type { Plan } from "../../core/plan.ts";
import { centralMechanism } from "../../core/privacy/central-charge.ts";
import { clientCharge } from "../../core/privacy/client-charge.ts";
import type { AttemptCharge } from "../rounds/events.ts";
import { samplingClaim } from "./sampling-claim.ts";

/**
 * What one attempt of the plan costs (a whole tree of rounds where the plan has trees); undefined without privacy. Under
 * `local` and `example` it is each asked client that pays, by itself.
 * @param numClients of the job's population
 */
export function attemptCharge(plan: Plan, numClients: number): AttemptCharge | undefined {
  const { privacy } = plan;
  switch (privacy.mode) {
    case "none":
      return undefined;
    case "central":
      return { mechanism: centralMechanism(privacy, samplingClaim(plan, numClients).sampling) };
    case "local":
      return clientCharge(plan);
    case "example": {
      const charge = clientCharge(plan);
      return charge && { ...charge, unit: "example" };
    }
  }
}
