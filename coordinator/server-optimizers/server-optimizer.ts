import type { ServerOptimizerSettings } from "../../core/plan.ts";
import { fedAvg } from "./fed-avg.ts";
import { fedAvgM } from "./fed-avg-m.ts";

/** How the coordinator steps from one model version to the next, given the released delta. */
export interface ServerOptimizer {
  readonly name: string;
  /**
   * All arrays have d values; none is written to. Arithmetic in float64, rounded once to float32. `state` is what the
   * previous step returned, undefined before the first.
   */
  step(base: Float32Array, delta: Float32Array, state: Float32Array | undefined): ServerStep;
}

interface ServerStep {
  readonly weights: Float32Array;
  readonly state: Float32Array | undefined;
}

export function serverOptimizerOf(settings: ServerOptimizerSettings): ServerOptimizer {
  switch (settings.name) {
    case "FedAvg":
      return fedAvg(settings);
    case "FedAvgM":
      return fedAvgM(settings);
  }
}
