import type { TrainingTask } from "../../client/index.ts";

/** Who shares in the boost. */
export interface Crew {
  /** Clients of a round, of whom so many attack. */
  readonly numClients: number;
  readonly numAttackers: number;
}

/** n / eta, shared among the attackers: after an average of n deltas and a step of eta, the global model is theirs. */
export function replacementFactor({ plan }: TrainingTask, { numClients, numAttackers }: Crew): number {
  return numClients / (plan.serverOptimizer.learningRate * numAttackers);
}

export function scaled(delta: Float32Array, factor: number): Float32Array {
  return delta.map((value) => factor * value);
}
