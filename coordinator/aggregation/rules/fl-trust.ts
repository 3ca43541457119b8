import type { CombiningRule } from "../rule.ts";
import { cosine, onUpdates, updateNorms } from "./measures.ts";

/**
 * FLTrust (Cao et al. 2021, section IV, algorithm 2): the server trains on a small root set of its own; its update g0
 * is the yardstick. Every update is scaled to the norm of g0 and weighs as much as it points the same way:
 *
 *     sum_i t_i (||g0|| / ||x_i||) x_i / sum_i t_i,    t_i = max(0, cos(x_i, g0)).
 *
 * Any number of attackers moves the result within the ball of radius ||g0|| only, in the half-space of g0; but it is
 * no better than the root set: what the root set does not show, honest clients cannot teach. Where g0 is zero or
 * nobody is trusted the result is zero, and said so. The radius is that of the server's own data, which no clipping
 * norm bounds: hence no finite sensitivity.
 */
export function flTrust(): CombiningRule {
  return {
    kind: "combine",
    name: "FLTrust",
    feasible: (n) => n >= 1,
    requirement: "at least 1 update",
    sensitivity: () => Number.POSITIVE_INFINITY,
    carriesCentralNoise: false,
    weighted: false,
    needs: { innerProducts: true, betweenUpdates: false, references: ["rootUpdate"] },
    combine: ({ geometry, references }) => {
      const root = references.get("rootUpdate") as number;
      const rootNorm = Math.sqrt(geometry.squaredDistances[root] as number);
      const norms = updateNorms(geometry);
      const trust = norms.map((_, i) => Math.max(0, cosine(geometry, i + 1, root)));
      const total = trust.reduce((sum, it) => sum + it, 0);
      const weights = trust.map((it, i) => (it === 0 ? 0 : (it / total) * (rootNorm / (norms[i] as number))));
      return {
        coefficients: onUpdates(geometry, weights),
        perUpdate: { trust },
        remarks: total > 0 ? [] : [rootNorm > 0 ? NOBODY_TRUSTED : ROOT_UPDATE_ZERO],
      };
    },
  };
}

const NOBODY_TRUSTED = "FLTrust: no update points the way of the root update; the aggregate is zero";
const ROOT_UPDATE_ZERO = "FLTrust: the root update is zero, and so is the aggregate";
