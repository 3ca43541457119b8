import { z } from "zod";
import type { Rule } from "../rule.ts";
import { dnc } from "../rules/dnc.ts";
import { flDetector } from "../rules/fl-detector.ts";
import { flTrust } from "../rules/fl-trust.ts";
import { flame } from "../rules/flame.ts";
import { foolsGold } from "../rules/fools-gold.ts";
import { signGuard } from "../rules/sign-guard.ts";
import { type Entry, entry } from "./entry.ts";

/** Rules that make up their minds about clients: by a trusted root set, by their directions, by what they sent before. */
export const BY_SUSPICION: Readonly<Record<string, Entry<Rule>>> = {
  FLTrust: entry(
    {
      summary: "Updates scaled to the norm of the server's own and weighted by how much they point the same way.",
      definition:
        "sum t_i (||g0|| / ||x_i||) x_i / sum t_i with t_i = max(0, cos(x_i, g0)); g0 is the update that the coordinator trains on its root set.",
      requires: "n >= 1",
      bound: "The output lies in the ball of radius ||g0||, in the half-space of g0, however many attack.",
      limits:
        "No better than its root set: what that does not show, honest clients cannot teach. Where nobody is trusted, or g0 is zero, the aggregate is zero and the round says so.",
      source: "Cao et al. 2021, FLTrust, algorithm 2",
    },
    {},
    flTrust,
  ),
  FoolsGold: entry(
    {
      summary: "Clients whose summed updates point the same way lose their weight.",
      definition:
        "Cosines between the sums of all that each client sent; the more a client resembles its likest, the less it weighs, sharpened by a logit; sum w_i x_i, not divided.",
      requires: "n >= 1",
      bound: "None.",
      sensitivity: "2nC",
      limits:
        "Against sybils only: a single attacker resembles nobody and has full weight, whatever its norm, and honest clients with the same data are taken for sybils. Combine it with NormClipping.",
      source: "Fung, Yoon and Beschastnikh 2020, The Limitations of Federated Learning in Sybil Settings, algorithm 1",
    },
    {},
    foolsGold,
  ),
  FLAME: entry(
    {
      summary: "The densest majority by direction, clipped to the median norm and averaged.",
      definition:
        "HDBSCAN on cosine distances with clusters of more than half keeps one; its members are clipped to the median norm of all updates and averaged.",
      requires: "n >= 2f + 1",
      bound: "None.",
      sensitivity: "2C",
      limits:
        "The noise of the paper is left out: it has no privacy guarantee. On unlike data honest minorities are dropped.",
      source: "Nguyen et al. 2022, FLAME: Taming Backdoors in Federated Learning, algorithm 1",
    },
    {},
    flame,
  ),
  DnC: entry(
    {
      summary: "The mean of the updates that do not stick out along the direction of greatest variance.",
      definition:
        "As often as iterations says: draw coordinates, centre the updates on them, drop the filterFraction f updates that reach farthest along the top singular direction. The mean of those never dropped.",
      requires: "n >= 2f + 1, n > filterFraction f, iterations size <= 10^6 and iterations size n^2 <= 2 10^8",
      bound: "None against every attack.",
      sensitivity: "2C",
      limits:
        "What keeps inside the honest spread of every direction stays. Every iteration may drop other honest updates; where all are dropped the aggregate is zero and the round says so.",
      source: "Shejwalkar and Houmansadr 2021, Manipulating the Byzantine, algorithm 2",
    },
    {
      iterations: z.int().min(1).max(100).default(1).describe("how often coordinates are drawn and updates dropped"),
      size: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(10_000)
        .describe("how many coordinates are drawn each time (where there are fewer: all of them)"),
      filterFraction: z
        .number()
        .positive()
        .max(10)
        .default(1)
        .describe("updates dropped each time, as a multiple of f"),
    },
    dnc,
  ),
  SignGuard: entry(
    {
      summary: "The clipped mean of the updates whose norm and share of signs are like most others'.",
      definition:
        "Keep norms between 0.1 and 3 medians; keep the largest mean-shift cluster of the fractions of coordinates above, at and below zero; average what passed both, clipped to the median norm.",
      requires: "n >= 2f + 1",
      bound: "None.",
      sensitivity: "2C",
      limits:
        "An attacker with an honest norm and honest fractions passes: a permutation of an honest update does. Where nobody passes the aggregate is zero and the round says so.",
      source: "Xu et al. 2022, SignGuard, algorithm 2, without the similarity feature",
    },
    {},
    signGuard,
  ),
  FLDetector: entry(
    {
      summary: "The mean of the clients whose updates follow from their last ones.",
      definition:
        "Predicts each update from the one before and the L-BFGS curvature of the last rounds; suspicion is the share of a client in the errors, averaged over window rounds. Where the gap statistic finds two clusters, the upper one is left out.",
      requires: "n >= 2f + 1",
      bound: "None.",
      sensitivity: "2C",
      limits:
        "Detects late: until clients have been predicted window times it is the mean and withstands nobody. Who attacks predictably stays.",
      source: "Zhang et al. 2022, FLDetector, section 4",
    },
    { window: z.int().min(1).max(100).default(10).describe("rounds that curvature and suspicion look back on") },
    flDetector,
  ),
};
