import { numCoordinates } from "../../core/tensors/schema.ts";
import type { TrainerAttack } from "./attack.ts";

/**
 * NonFinite: every value NaN, without any training. One such row turns a mean, a median or a Krum score into NaN
 * wherever it is aggregated; admission is what stops it.
 */
export function nonFinite(): TrainerAttack<"none"> {
  return {
    decorates: "trainer",
    knows: "none",
    decorate: (honest) => ({
      description: honest.description,
      close: () => honest.close(),
      train: async ({ schema, plan }) => ({
        delta: new Float32Array(numCoordinates(schema)).fill(Number.NaN),
        numExamples: plan.privacy.mode === "none" ? 1 : 0,
        metrics: {},
      }),
    }),
  };
}
