import type { ServerOptimizer } from "./server-optimizer.ts";

/** w + eta delta; with eta = 1 the server step of FedAvg (McMahan et al. 2017, algorithm 1). Keeps no state. */
export function fedAvg({ learningRate }: { readonly learningRate: number }): ServerOptimizer {
  return {
    name: "FedAvg",
    step: (base, delta) => ({
      weights: base.map((weight, i) => weight + learningRate * (delta[i] as number)),
      state: undefined,
    }),
  };
}
