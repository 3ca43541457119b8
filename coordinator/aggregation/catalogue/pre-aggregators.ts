import { z } from "zod";
import { arc } from "../pre-aggregators/arc.ts";
import { bucketing } from "../pre-aggregators/bucketing.ts";
import { nnm } from "../pre-aggregators/nnm.ts";
import { normClipping } from "../pre-aggregators/norm-clipping.ts";
import type { PreAggregator } from "../rule.ts";
import { type Entry, entry } from "./entry.ts";

/** Every pre-aggregator by the name that plans use. */
export const PRE_AGGREGATORS: Readonly<Record<string, Entry<PreAggregator>>> = {
  NNM: entry(
    {
      summary: "Every update becomes the mean of the n - f updates nearest to it.",
      definition:
        "y_i is the mean of the n - f updates nearest to x_i, x_i itself included; ties go to the lowest client id.",
      requires: "n >= 2f + 1",
      bound: "Takes a rule's kappa to at most 8f/(n-f) (kappa + 1) (Allouah et al. 2023).",
      limits:
        "Costs a pass of distances. A row after it still has its client, but is made of many, so all rows carry equal weights.",
      source: "Allouah et al. 2023, Fixing by Mixing, algorithm 2",
    },
    {},
    nnm,
  ),
  ARC: entry(
    {
      summary: "Clips the longest updates to the norm of the longest that is left.",
      definition: "The k = floor(2 (f/n) (n - f)) longest updates are scaled down to the norm of the (k+1)-th longest.",
      requires: "n >= 2f + 1",
      bound:
        "Takes a rule's kappa to at most kappa + 2f/(n-2f); no row is longer than the longest honest one (Allouah et al. 2024).",
      limits: "Clips k updates in every round, attackers or none.",
      source:
        "Allouah et al. 2024, Adaptive Gradient Clipping for Robust Federated Learning, arXiv 2405.14432, algorithm 2",
    },
    {},
    arc,
  ),
  NormClipping: entry(
    {
      summary: "Scales every update down to a norm of at most C.",
      definition: "x_i min(1, C/||x_i||), C being clipNorm.",
      requires: "n >= 1",
      bound:
        "No row is longer than C; but (f, kappa)-robustness is lost (Allouah et al. 2024): a bound below the honest norms bends the mean of the honest.",
      limits: "clipNorm has the scale of an honest update, which shrinks while training goes on. ARC adapts.",
      source: "Sun et al. 2019, Can You Really Backdoor Federated Learning?, section 4",
    },
    { clipNorm: z.number().positive().describe("C: the greatest L2 norm that passes unchanged") },
    normClipping,
    { clipNorm: 10 },
  ),
  Bucketing: entry(
    {
      summary: "Averages the updates in random buckets.",
      definition:
        "The updates, in an order drawn when the round closed, are cut into buckets of s = size; each becomes its mean, the last over what is left.",
      requires: "n >= 2 size f + 1",
      bound: "The variance of the honest falls by s while f of n become f of n/s (Karimireddy et al. 2022).",
      limits:
        "One attacker spoils a bucket. Rows after it stand for no client, so rules that remember clients cannot follow.",
      source:
        "Karimireddy, He and Jaggi 2022, Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, algorithm 1",
    },
    { size: z.int().min(1).max(1_000).default(2).describe("s: updates in a bucket") },
    bucketing,
  ),
};
