import type { Source } from "./crafting.ts";
import { dot, stdDevOf } from "./moments.ts";

/** Which way to leave the honest mean mu: against it, against its signs, or against the standard deviation. */
export type Perturbation = "unit" | "sign" | "std";

export interface Stretch {
  readonly perturbation: Perturbation;
  readonly from: Source;
}

/** p, of which MinMax and MinSum add as much as their bounds on distance allow. */
export function directionOf(
  perturbation: Perturbation,
  rows: readonly Float32Array[],
  mean: Float64Array,
): Float64Array {
  switch (perturbation) {
    case "unit": {
      const length = Math.sqrt(dot(mean, mean));
      return mean.map((value) => (length === 0 ? 0 : -value / length));
    }
    case "sign":
      return mean.map((value) => -Math.sign(value));
    case "std":
      return stdDevOf(rows, mean).map((value) => -value);
  }
}
