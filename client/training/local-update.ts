import type { Plan } from "../../core/plan.ts";

/** Local weights minus base weights, in float32. */
export function deltaOf(weights: Float32Array, baseModel: Float32Array): Float32Array {
  return weights.map((weight, i) => weight - (baseModel[i] as number));
}

/** The size of a data set is itself private: under differential privacy it is not told. */
export function reportedExamples(plan: Plan, numExamples: number): number {
  return plan.privacy.mode === "none" ? numExamples : 0;
}
