import type { Setup } from "../../coordinator/aggregation/testing.ts";
import type { NamedSettings } from "../../core/plan.ts";
import { byzantine, type Entry, number, numbers } from "./aggregation.entries.ts";

type Variant = (entry: Entry) => Setup;

/** A rule whose only parameter is f. */
const of =
  (name: string): Variant =>
  (entry) => ({ rule: name, numByzantine: byzantine(entry) });

const weighted =
  (name: string): Variant =>
  ({ params }) => {
    const weights = numbers(params["num_examples"] ?? params["weights"]);
    return { rule: name, ...(weights && { weights }) };
  };

const fedAvg = weighted("FedAvg");
const median: Variant = () => ({ rule: "Median" });
const trimmedMean = of("TrimmedMean");

/** Trims a fraction whose count comes out whole. */
const fractionTrimmed: Variant = (entry) => {
  const fraction = number(entry, "beta", "proportiontocut") ?? 0;
  return { rule: "TrimmedMean", numByzantine: Math.ceil(fraction * entry.input.length - 1e-9) };
};

const krum =
  (neighbours: "n-f-2" | "n-f-1"): Variant =>
  (entry) => ({ rule: { name: "Krum", neighbours }, numByzantine: byzantine(entry) });

const multiKrum =
  (neighbours: "n-f-2" | "n-f-1"): Variant =>
  (entry) => ({
    rule: { name: "MultiKrum", neighbours, select: number(entry, "m", "q", "num_nodes_to_select") ?? "n-f" },
    numByzantine: byzantine(entry),
  });

/** So many steps from the origin, whether or not they have come to rest. */
const stepsFromZero = (nu: number, maxIterations: number): NamedSettings => ({
  name: "GeometricMedian",
  nu,
  maxIterations,
  tolerance: 0,
  start: "zero",
});
const geometricMedianInSteps: Variant = (entry) => ({
  rule: stepsFromZero(number(entry, "nu") ?? 0.1, number(entry, "T") ?? 3),
});
const geometricMedian: Variant = () => ({ rule: "GeometricMedian" });

const centeredClipping: Variant = (entry) => ({
  rule: { name: "CenteredClipping", tau: number(entry, "tau") ?? 100, iterations: number(entry, "L", "n_iter") ?? 1 },
});

const caf: Variant = (entry) => ({ rule: { name: "CAF", tauMax: "all" }, numByzantine: byzantine(entry) });

/** The second phase of Bulyan: the mean of the `beta` values nearest to a point, which here is their median. */
const nearestTheMedian: Variant = (entry) => ({
  rule: "MeaMed",
  numByzantine: entry.input.length - (number(entry, "beta") ?? 0),
});

const dnc: Variant = (entry) => ({
  rule: { name: "DnC", iterations: 1, size: number(entry, "sub_dim") ?? 1, filterFraction: 1 },
  numByzantine: byzantine(entry),
});

const flTrust: Variant = ({ params }) => ({
  rule: "FLTrust",
  references: { rootUpdate: Float32Array.from(numbers(params["root_update"]) ?? []) },
});

const nnmThen =
  (rule: Setup["rule"], ...before: readonly NamedSettings[]): Variant =>
  (entry) => ({ rule, preAggregators: [...before, "NNM"], numByzantine: byzantine(entry) });

const clippedTo2: NamedSettings = { name: "NormClipping", clipNorm: 2 };

/** Published rules to our variants of them. */
export const VARIANTS: Readonly<Record<string, Variant>> = {
  Average: fedAvg,
  aggregate: fedAvg,
  "aggregate(weighted mean)": fedAvg,
  "weighted mean": fedAvg,
  weighted_loss_avg: ({ input }) => ({ rule: "FedAvg", weights: input.map(([numExamples]) => Number(numExamples)) }),
  Median: median,
  CoordinateWiseMedian: median,
  FedMedian: median,
  "FedMedian(scalar)": median,
  median,
  CM: median,
  "native-median": median,
  "weighted median": weighted("WeightedMedian"),
  TrMean: trimmedMean,
  CoordinateWiseTrimmedMean: trimmedMean,
  trmean: trimmedMean,
  TM: trimmedMean,
  tr_mean: trimmedMean,
  FedTrimmedAvg: fractionTrimmed,
  "FedTrimmedAvg(scalar)": fractionTrimmed,
  aggregate_trimmed_avg: fractionTrimmed,
  Krum: krum("n-f-1"),
  "aggregate_krum(to_keep=0)": krum("n-f-2"),
  "Krum(m=1)": krum("n-f-2"),
  "multi_krum(multi_k=False)": krum("n-f-2"),
  MultiKrum: multiKrum("n-f-1"),
  krum: multiKrum("n-f-1"),
  "MultiKrum(m=3)": multiKrum("n-f-2"),
  "MultiKrum(m=4)": multiKrum("n-f-2"),
  "MultiKrum(m=7)": multiKrum("n-f-2"),
  "native-krum": multiKrum("n-f-2"),
  Bulyan: of("Bulyan"),
  "aggregate_bulyan(over aggregate_krum, iterative)": of("Bulyan"),
  "aggregate_n_closest_weights: single value": nearestTheMedian,
  "aggregate_n_closest_weights: layer1": nearestTheMedian,
  "aggregate_n_closest_weights: layer2": nearestTheMedian,
  "aggregate_n_closest_weights: beta=all": nearestTheMedian,
  "aggregate_n_closest_weights: 2x2": nearestTheMedian,
  "aggregate_n_closest_weights: identical": nearestTheMedian,
  GeometricMedian: geometricMedianInSteps,
  RFA: geometricMedianInSteps,
  "GeometricMedian (converged)": geometricMedian,
  Meamed: of("MeaMed"),
  meamed: of("MeaMed"),
  "MeanOfMedians(MeaMed)": of("MeaMed"),
  phocas: of("Phocas"),
  MDA: of("MDA"),
  MinimumDiameterAveraging: of("MDA"),
  "brute (=MDA)": of("MDA"),
  CGE: of("CGE"),
  SMEA: of("SMEA"),
  "SMEA (exact eigenvalue via Gram)": of("SMEA"),
  CAF: caf,
  "CAF (power_iters=200)": caf,
  CenteredClipping: centeredClipping,
  "CenteredClipping(two calls, m carried over)": centeredClipping,
  "Clipping (centered clip, tau=10, n_iter=3)": centeredClipping,
  "foolsgold weights": of("FoolsGold"),
  "foolsgold(delta.T @ wv)": of("FoolsGold"),
  FLTrust: flTrust,
  DnC: dnc,
  "NNM->TrMean": nnmThen("TrimmedMean"),
  "ARC->NNM->TrMean": nnmThen("TrimmedMean", { name: "ARC" }),
  "Clipping(2)->NNM->GeometricMedian(nu=.1,T=3)": nnmThen(stepsFromZero(0.1, 3), clippedTo2),
  "RobustAggregator(Clipping->NNM->TrMean)": (entry) => ({
    ...nnmThen("TrimmedMean", clippedTo2)(entry),
    numByzantine: 1,
  }),
  "SignFlipping x1 then TrMean(f=1)": trimmedMean,
};

/** Published pre-aggregators to ours. */
export const PRE_AGGREGATOR_VARIANTS: Readonly<Record<string, (entry: Entry) => NamedSettings>> = {
  NNM: () => ({ name: "NNM" }),
  NearestNeighborMixing: () => ({ name: "NNM" }),
  ARC: () => ({ name: "ARC" }),
  Clipping: (entry) => ({ name: "NormClipping", clipNorm: number(entry, "c", "threshold") ?? 1 }),
  Bucketing: (entry) => ({ name: "Bucketing", size: number(entry, "s", "bucket_size") ?? 1 }),
};
