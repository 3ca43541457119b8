import type { Rule } from "../rule.ts";
import { meaMed } from "../rules/mea-med.ts";
import { median } from "../rules/median.ts";
import { phocas } from "../rules/phocas.ts";
import { trimmedMean } from "../rules/trimmed-mean.ts";
import { type Entry, entry } from "./entry.ts";

/** Rules that look at one coordinate after the other. */
export const BY_COORDINATE: Readonly<Record<string, Entry<Rule>>> = {
  Median: entry(
    {
      summary: "The median of every coordinate.",
      definition: "Coordinate by coordinate the middle value; of an even number, the mean of the two in the middle.",
      requires: "n >= 2f + 1",
      bound: "kappa = 4 (1 + f/(n-2f))^2 (Allouah et al. 2023); every coordinate stays in the honest range.",
      sensitivity: "2C, or C for even n",
      limits:
        "Discards most of what honest clients say: on one-class clients it learns little even with nobody attacking.",
      source: "Yin et al. 2018, Byzantine-Robust Distributed Learning, definition 1",
    },
    {},
    median,
  ),
  TrimmedMean: entry(
    {
      summary: "The mean of every coordinate without its f smallest and f largest values.",
      definition: "Coordinate by coordinate, drop f values at either end and average the n - 2f between them.",
      requires: "n >= 2f + 1",
      bound:
        "kappa = 6f/(n-2f) (1 + f/(n-2f)) (Allouah et al. 2023), optimal in order; every coordinate stays in the honest range.",
      sensitivity: "2C/(n-2f)",
      limits: "An attacker within the spread of the honest updates is not trimmed and pulls every coordinate a little.",
      source: "Yin et al. 2018, Byzantine-Robust Distributed Learning, definition 2",
    },
    {},
    trimmedMean,
  ),
  MeaMed: entry(
    {
      summary: "The mean of the values of every coordinate that lie nearest the median.",
      definition:
        "Coordinate by coordinate, average the n - f values nearest the median; of values equally near those of the lowest client ids are kept.",
      requires: "n >= 2f + 1",
      bound: "No kappa is claimed. f = 0 gives the mean.",
      sensitivity: "2C sqrt(n/(n-f))",
      limits: "What attackers send close to the median is averaged like anything else.",
      source: "Xie et al. 2018, Generalized Byzantine-tolerant SGD",
    },
    {},
    meaMed,
  ),
  Phocas: entry(
    {
      summary: "The mean of the values of every coordinate that lie nearest the trimmed mean.",
      definition:
        "Coordinate by coordinate, average the n - f values nearest the mean of what is left without the f smallest and the f largest.",
      requires: "n >= 2f + 1",
      bound: "No kappa is claimed. f = 0 gives the mean.",
      sensitivity: "2C sqrt(n/(n-f))",
      limits: "What attackers send close to the trimmed mean is averaged like anything else.",
      source: "Xie et al. 2018, Phocas: dimensional Byzantine-resilient stochastic gradient descent",
    },
    {},
    phocas,
  ),
};
