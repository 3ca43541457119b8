import { FederationError } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";

/** Local weights minus base weights, in float32. */
export function deltaOf(weights: Float32Array, baseModel: Float32Array): Float32Array {
  const delta = new Float32Array(weights.length);
  for (let i = 0; i < delta.length; i++) delta[i] = (weights[i] as number) - (baseModel[i] as number);
  return delta;
}

/**
 * A guarantee that may fail with probability 1/N allows publishing one of the N examples as it is, and only the client
 * knows its N, so who does not say it is refused. The number stays out of the refusal.
 * @throws PRIVACY_UNSUPPORTED
 */
export function assertDelta({ privacy }: Plan, numExamples: number): void {
  if (privacy.mode !== "example" || (numExamples > 0 && privacy.delta <= 1 / numExamples)) return;
  const reason = "is above 1 in the number of this client's examples, or they were not counted; accepted is less";
  throw new FederationError("PRIVACY_UNSUPPORTED", `privacy.delta ${privacy.delta} ${reason}`);
}

/** The size of a data set is itself private: under differential privacy it is not told. */
export function reportedExamples(plan: Plan, numExamples: number): number {
  return plan.privacy.mode === "none" ? numExamples : 0;
}
