import { z } from "zod";
import type { Rule } from "../rule.ts";
import { fedAvg } from "../rules/fed-avg.ts";
import { normClippedWeightedMean } from "../rules/norm-clipped-weighted-mean.ts";
import { weightedMedian } from "../rules/weighted-median.ts";
import { weightedTrimmedMean } from "../rules/weighted-trimmed-mean.ts";
import { type Entry, entry } from "./entry.ts";

/** Rules made for clients that count differently: capped weights reach them. */
export const BY_WEIGHT: Readonly<Record<string, Entry<Rule>>> = {
  FedAvg: entry(
    {
      summary: "The mean of the updates, weighted by capped example counts where the plan says so.",
      definition: "sum w_i x_i / sum w_i.",
      requires: "n >= 1",
      bound: "None: a single update moves the result anywhere.",
      sensitivity: "2C/n",
      limits: "Withstands no attacker. It is the baseline, and the rule for a federation that trusts all its members.",
      source:
        "McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from Decentralized Data, algorithm 1",
    },
    {},
    fedAvg,
  ),
  WeightedTrimmedMean: entry(
    {
      summary: "The weighted mean of every coordinate after taking f clients' worth of weight off either end.",
      definition:
        "Coordinate by coordinate, take f max(w) of weight off either end and average what is left by weight; a value on the border keeps the rest of its weight. With equal weights it is TrimmedMean.",
      requires: "n >= 2f + 1, and with weights: 2 f max w < sum w",
      bound: "Every coordinate stays in the honest range.",
      sensitivity: "2C",
      limits:
        "A few heavy clients make it trim much of the light ones: 2 f max(w) has to stay below the whole weight, so choose the cap for it.",
      source: "Yin et al. 2018, definition 2, by weight",
    },
    {},
    weightedTrimmedMean,
  ),
  WeightedMedian: entry(
    {
      summary: "The value of every coordinate with half of the weight on either side.",
      definition:
        "Coordinate by coordinate; where the border falls between two values, their mean. With equal weights it is Median.",
      requires: "n >= 2f + 1, and with weights: 2 f max w < sum w",
      bound: "Every coordinate stays in the honest range.",
      sensitivity: "2C",
      limits: "As Median: discards most of what honest clients say.",
      source: "Yin et al. 2018, definition 1, by weight",
    },
    {},
    weightedMedian,
  ),
  NormClippedWeightedMean: entry(
    {
      summary: "The weighted mean of the updates, none longer than a bound.",
      definition: "sum w_i min(1, B/||x_i||) x_i / sum w_i.",
      requires: "n >= 2f + 1, and with weights: 2 f max w < sum w",
      bound: "Attackers with a part p of the weight move it by at most 2pB. No kappa holds.",
      sensitivity: "2 min(B, C)",
      limits:
        "Directions are not looked at: attackers of honest norm are averaged in. A fixed bound clips nothing once honest updates have grown small.",
      source: "Sun et al. 2019, Can You Really Backdoor Federated Learning?, section 4, by weight",
    },
    {
      clipNorm: z
        .union([z.literal("median"), z.number().positive()])
        .default("median")
        .describe("B: an L2 norm, or median for the weighted median of the updates' norms"),
    },
    ({ numByzantine, clipNorm }) =>
      normClippedWeightedMean({ numByzantine, ...(clipNorm !== "median" && { clipNorm }) }),
  ),
};
