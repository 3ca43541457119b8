import type { AveragingRule } from "../rule.ts";

/**
 * FedAvg (McMahan et al. 2017, algorithm 1): the mean of the updates, weighted by examples when the plan says so.
 * It withstands no attacker at all: one row moves the result anywhere. With uniform weights and n fixed, replacing
 * one row of norm at most C moves it by at most 2C/n.
 */
export function fedAvg(): AveragingRule {
  return {
    kind: "average",
    name: "FedAvg",
    feasible: (n) => n >= 1,
    requirement: "at least 1 update",
    sensitivity: (n, clipNorm) => (2 * clipNorm) / n,
    carriesCentralNoise: true,
    weighted: true,
    average: (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    },
  };
}
