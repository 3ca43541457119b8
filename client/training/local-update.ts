import { FederationError } from "../../core/errors.ts";
import type { Plan } from "../../core/plan.ts";

/** Local weights minus base weights, in float32, in the memory of the local ones, which are gone. */
export function deltaOf(weights: Float32Array, baseModel: Float32Array): Float32Array {
  const { length } = weights;
  for (let i = 0; i < length; i++) weights[i] = (weights[i] as number) - (baseModel[i] as number);
  return weights;
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
