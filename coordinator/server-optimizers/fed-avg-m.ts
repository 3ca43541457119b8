import type { ServerOptimizer } from "./server-optimizer.ts";

/**
 * Server momentum (Hsu, Qi and Brown 2019, "Measuring the effects of non-identical data distribution", section 4.2):
 * v = momentum v + delta, w + eta v. The state is v, zero before the first step.
 */
export function fedAvgM({
  learningRate,
  momentum,
}: {
  readonly learningRate: number;
  readonly momentum: number;
}): ServerOptimizer {
  return {
    name: "FedAvgM",
    step: (base, delta, state) => {
      const velocity = delta.map((change, i) => momentum * (state?.[i] ?? 0) + change);
      const weights = base.map((weight, i) => weight + learningRate * (velocity[i] as number));
      return { weights, state: velocity };
    },
  };
}
