import { z } from "zod";
import type { Rule } from "../rule.ts";
import { bulyan } from "../rules/bulyan.ts";
import { caf } from "../rules/caf.ts";
import { centeredClipping } from "../rules/centered-clipping.ts";
import { cge } from "../rules/cge.ts";
import { geometricMedian } from "../rules/geometric-median.ts";
import { krum } from "../rules/krum.ts";
import { mda } from "../rules/mda.ts";
import { multiKrum } from "../rules/multi-krum.ts";
import { smea } from "../rules/smea.ts";
import { type Entry, entry } from "./entry.ts";

const neighbours = z
  .enum(["n-f-2", "n-f-1"])
  .default("n-f-2")
  .describe("how many nearest others an update's score sums over: n-f-2 is the paper's, n-f-1 is ByzFL's");

const select = z.union([z.enum(["n-f-2", "n-f"]), z.int().min(1)]);

const geometricMedianParameters = {
  nu: z.number().positive().default(1e-6).describe("distances below it count as it: the smoothing of the paper"),
  maxIterations: z.int().min(1).max(10_000).default(1_000).describe("steps at most"),
  tolerance: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-9)
    .describe(
      "a step that is at most this fraction of the mean distance to the updates is the last; 0 takes every step",
    ),
  start: z
    .enum(["mean", "zero"])
    .default("mean")
    .describe("where the iteration begins: the weighted mean of the updates, or the zero vector as in ByzFL"),
};

/** Rules that go by how far updates lie from one another or from a point. */
export const BY_DISTANCE: Readonly<Record<string, Entry<Rule>>> = {
  Krum: entry(
    {
      summary: "The one update that lies closest to its nearest others.",
      definition:
        "The score of x_i is the sum of its squared distances to its n - f - 2 nearest others; the update of lowest score wins, ties going to the lowest client id.",
      requires: "n >= 2f + 3, or n >= 2f + 1 with neighbours n-f-1 and select at most n - f",
      bound:
        "With neighbours n-f-1 and select 1: kappa = 6 (1 + f/(n-2f)) (Allouah et al. 2023), which is 6 even at f = 0: it follows one update.",
      sensitivity: "2C, or 2C min(m, n-m+1)/m for m = select",
      limits:
        "Follows a single client, so it is slow and learns only what that client holds; f colluders that agree closely are attractive to it.",
      source: "Blanchard et al. 2017, Machine Learning with Adversaries, section 4",
    },
    {
      neighbours,
      select: select
        .default(1)
        .describe("how many updates of lowest score are averaged: one, or as many as MultiKrum's select says"),
    },
    krum,
  ),
  MultiKrum: entry(
    {
      summary: "The mean of the updates of lowest Krum score.",
      definition: "Krum's scores, counted once; the m updates of lowest score are averaged.",
      requires: "n >= 2f + 3, or n >= 2f + 1 with neighbours n-f-1 and select at most n - f",
      bound: "No kappa is claimed.",
      sensitivity: "2C min(m, n-m+1)/m",
      limits: "Clients whose data are unlike the others' are far from them and thrown away round after round.",
      source: "Blanchard et al. 2017, Machine Learning with Adversaries, section 4",
    },
    {
      neighbours,
      select: select
        .default("n-f-2")
        .describe(
          "how many updates of lowest score are averaged: n-f-2 is the paper's, n-f is ByzFL's, or a count up to n - f",
        ),
    },
    multiKrum,
  ),
  GeometricMedian: entry(
    {
      summary: "The point of least summed distance to the updates (RFA).",
      definition:
        "Smoothed Weiszfeld: z becomes sum beta_i x_i / sum beta_i with beta_i = w_i / max(nu, ||z - x_i||), until it moves no more.",
      requires:
        "n >= 2f + 1, and with weights: f times the heaviest weight is less than half of all (2 f max w < sum w)",
      bound: "kappa = 4 (1 + f/(n-2f))^2 (Allouah et al. 2023), up to nu.",
      sensitivity: "2C",
      limits:
        "Iterative: the more weight attackers hold and the farther they are, the longer it takes to come back from the mean; after maxIterations it begins once more, at the update of least summed distance.",
      source: "Pillutla, Kakade and Harchaoui 2022, Robust Aggregation for Federated Learning, algorithm 2",
    },
    geometricMedianParameters,
    geometricMedian,
  ),
  CGE: entry(
    {
      summary: "The mean of the n - f updates of least norm.",
      definition: "Average the n - f updates of least norm, ties going to the lowest client id.",
      requires: "n >= 2f + 1",
      bound: "No kappa holds: attackers of small norm stay in.",
      sensitivity: "2C/(n-f)",
      limits:
        "Bounds how far attackers reach by the norms of the honest, not by how much these differ; directions are not looked at.",
      source: "Gupta, Liu and Vaidya 2021, Byzantine Fault-Tolerance in Distributed Optimization under 2f-Redundancy",
    },
    {},
    cge,
  ),
  CenteredClipping: entry(
    {
      summary: "The last aggregate, moved by the mean of the updates clipped around it.",
      definition:
        "v starts as the aggregate of the round before, at first zero; v += mean (x_i - v) min(1, tau / ||x_i - v||), as often as iterations says.",
      requires: "n >= 2f + 1",
      bound:
        "Each attacker moves it by at most tau/n in an iteration, whatever it sends; how near it comes to the honest mean rests on where it starts.",
      sensitivity: "2 iterations min(tau, C)/n",
      limits:
        "tau has the scale of an honest update's distance to the last aggregate: far below it training crawls, far above it nothing is clipped.",
      source: "Karimireddy, He and Jaggi 2021, Learning from History for Byzantine Robust Optimization, section 5",
    },
    {
      tau: z.number().positive().describe("L2 distance from v beyond which an update is pulled in"),
      iterations: z.int().min(1).max(1_000).default(1).describe("how often v is moved"),
    },
    centeredClipping,
    { tau: 10 },
  ),
  Bulyan: entry(
    {
      summary: "Iterated Krum, then the mean of the values of every coordinate that lie nearest the median.",
      definition:
        "Krum picks n - 2f updates one after the other, with r remaining by the max(1, r - f - 2) nearest others; then, coordinate by coordinate, the mean of the n - 4f picked values nearest their median.",
      requires: "n >= 4f + 3",
      bound: "No kappa is claimed. f = 0 gives the mean.",
      sensitivity: "2C sqrt((n-2f)/(n-4f))",
      limits:
        "Uses n - 4f values of a coordinate: with f near n/4 it rests on a few. Implementations differ in each detail; this is the paper's.",
      source:
        "El Mhamdi, Guerraoui and Rouault 2018, The Hidden Vulnerability of Distributed Learning in Byzantium, section 4",
    },
    {},
    bulyan,
  ),
  MDA: entry(
    {
      summary: "The mean of the n - f updates of least diameter.",
      definition:
        "Of all subsets of n - f updates, the one whose two farthest members are nearest; of several, the first in the order of the client ids.",
      requires: "n >= 2f + 1, and f <= 30: the search takes up to 1.47^f trials",
      bound:
        "||F(x) - mean_S|| <= 2f/(n-f) diameter(S) for every S of n - f updates, and that is attained. Not a kappa. f = 0 gives the mean.",
      sensitivity: "2C min(f+1, n-f)/(n-f)",
      limits: "Exact search: the time grows exponentially with f.",
      source:
        "El Mhamdi, Guerraoui and Rouault 2021, Distributed Momentum for Byzantine-resilient Stochastic Gradient Descent",
    },
    {},
    mda,
  ),
  SMEA: entry(
    {
      summary: "The mean of the n - f updates whose covariance has the least top eigenvalue.",
      definition:
        "Of all subsets of n - f updates, the one that varies least along its worst direction; of several, the first in the order of the client ids.",
      requires: "n >= 2f + 1, and C(n, f) (n-f)^3 <= 10^8: all subsets are tried",
      bound:
        "In the spectral sense, with the top eigenvalue of the covariance of S in place of its trace: kappa = 4f/(n-f) (1 + f/(n-2f))^2 (Allouah et al. 2023, trilemma). f = 0 gives the mean.",
      sensitivity: "2C min(f+1, n-f)/(n-f)",
      limits: "For small federations: the number of subsets explodes.",
      source: "Allouah et al. 2023, On the Privacy-Robustness-Utility Trilemma in Distributed Learning",
    },
    {},
    smea,
  ),
  CAF: entry(
    {
      summary: "The weighted mean after updates that stick out have lost weight, step by step.",
      definition:
        "All c_i = 1. While sum c > n - 2f: mu = sum c_i x_i / sum c_i; (lambda, v) the top eigenpair of the weighted covariance; t_i = <x_i - mu, v>^2; c_i *= 1 - t_i/t_max. The mu of least lambda.",
      requires: "n >= 2f + 1 and n <= 300",
      bound: "In the spectral sense: kappa = 4f/(n-f) (1 + f/(n-2f))^2 (Allouah et al. 2025). f = 0 gives the mean.",
      sensitivity: "2C",
      limits: "The filter does not know which way the honest vary most and takes weight from them, too.",
      source:
        "Allouah, Guerraoui and Stephan 2025, Towards Trustworthy Federated Learning with Untrusted Participants, arXiv 2505.01874, algorithm 2",
    },
    {
      tauMax: z
        .enum(["kept", "all"])
        .default("kept")
        .describe("over which updates t_max is taken: those that still have weight, or all as in ByzFL"),
    },
    caf,
  ),
};
