import type { ServerOptimizer } from "./server-optimizer.ts";

/** w + eta delta; with eta = 1 the server step of FedAvg (McMahan et al. 2017, algorithm 1). Keeps no state. */
export function fedAvg({ learningRate }: { readonly learningRate: number }): ServerOptimizer {
  return {
    name: "FedAvg",
    step(base, delta) {
      const weights = new Float32Array(base.length);
      // map() would make an object of every number
      for (let i = 0; i < weights.length; i++) {
        weights[i] = (base[i] as number) + learningRate * (delta[i] as number);
      }
      return { weights, state: undefined };
    },
  };
}
