import { FederationError } from "../../errors.ts";
import { composedGaussians, gaussianEpsilon } from "./analytic-gaussian.ts";
import { sampledGaussianLoss } from "./gaussian-pld.ts";
import { type Mechanism, namesEverybody, unamplified } from "./mechanism.ts";
import { composed, epsilonOf, type LossCurve } from "./privacy-loss-distribution.ts";
import { publishedSizeLoss } from "./published-size-pld.ts";
import { publishedSizeRdp } from "./published-size-rdp.ts";
import { epsilonFromRdp, gaussianRdp, RDP_ORDERS } from "./rdp.ts";
import { poissonGaussianRdp } from "./sampled-gaussian-rdp.ts";
import { treeRdpOf } from "./tree.ts";
import { truncatedPoissonLoss } from "./truncated-poisson-pld.ts";
import { withoutReplacementRdp } from "./without-replacement-rdp.ts";

/** Goes into what is recorded beside an epsilon, so that a later reader knows which arithmetic it came from. */
export const ACCOUNTANT_VERSION = "1";

export type AccountantName = "rdp" | "pld" | "best";

/** A mechanism and how often it was used. */
export interface Charge {
  readonly mechanism: Mechanism;
  readonly times: number;
}

export interface PrivacyBound {
  readonly epsilon: number;
  readonly delta: number;
  readonly accountant: "rdp" | "pld";
  /** Renyi order that gave it; undefined for a privacy loss distribution. */
  readonly order: number | undefined;
  /** Whether that is the first or last order tried: a finer set might prove less. */
  readonly isAtEdge: boolean;
}

/**
 * An epsilon that all the charges together do not exceed at `delta`. Every accountant gives an upper bound, so `best`
 * is the smaller one of those that know the mechanisms.
 * @throws PRIVACY_UNSUPPORTED for a mechanism that the accountant has no theorem for, and for charges of two adjacencies
 */
export function boundOf(charges: readonly Charge[], delta: number, accountant: AccountantName = "best"): PrivacyBound {
  assertOneAdjacency(charges);
  const bound = ACCOUNTANTS[accountant](charges, delta);
  // what is not a number is below no limit, and above none either
  if (bound.epsilon >= 0) return bound;
  throw new FederationError("INTERNAL", `an epsilon of ${bound.epsilon} proves nothing`);
}

const ACCOUNTANTS = { rdp: byRdp, pld: byPld, best: smallest } as const;

function smallest(charges: readonly Charge[], delta: number): PrivacyBound {
  const bounds = boundsOf(charges, delta);
  if (bounds.length === 0) throw unsupported("no accountant knows all of these mechanisms together");
  // a theorem for a sample can prove less than none at all
  const undrawn = boundsOf(
    charges.map(({ mechanism, times }) => ({ mechanism: unamplified(mechanism), times })),
    delta,
  );
  return [...bounds, ...undrawn].reduce((best, it) => (it.epsilon < best.epsilon ? it : best));
}

function boundsOf(charges: readonly Charge[], delta: number): PrivacyBound[] {
  return [byRdp, byPld].flatMap((accountant) => whereSupported(() => accountant(charges, delta)));
}

function whereSupported(bound: () => PrivacyBound): PrivacyBound[] {
  try {
    return [bound()];
  } catch (error) {
    if (error instanceof FederationError && error.code === "PRIVACY_UNSUPPORTED") return [];
    throw error;
  }
}

/** Divergences of one order add up (Mironov 2017, proposition 1). */
function byRdp(charges: readonly Charge[], delta: number): PrivacyBound {
  const divergences = charges.map(({ mechanism, times }) => ({ rdp: rdpOf(mechanism), times }));
  const total = (order: number) => divergences.reduce((sum, { rdp, times }) => sum + times * rdp(order), 0);
  const { epsilon, order, isAtEdge } = epsilonFromRdp(RDP_ORDERS, total, delta);
  return { epsilon, delta, accountant: "rdp", order, isAtEdge };
}

function rdpOf(mechanism: Mechanism): (order: number) => number {
  const { noiseMultiplier: z, adjacency } = mechanism;
  if (mechanism.mechanism === "tree") return treeRdpOf(z, mechanism.numLeaves, mechanism);
  const { sampling } = mechanism;
  if (sampling === "full" || namesEverybody(sampling)) return (order) => gaussianRdp(z, order);
  if ("fixed" in sampling) {
    if (adjacency !== "replace-one") throw unsupported("a fixed number of clients is accounted under replace-one only");
    return withoutReplacementRdp(z, sampling.fixed.cohort / sampling.fixed.population);
  }
  if ("sizePublished" in sampling.poisson) return publishedSizeRdp(z, sampling.poisson, adjacency);
  if (adjacency !== "zero-out") throw unsupported("Poisson sampling has no Renyi accountant under replace-one");
  if ("cap" in sampling.poisson) throw unsupported("a capped Poisson sample has no Renyi accountant");
  const { rate } = sampling.poisson;
  return (order) => poissonGaussianRdp(z, rate, order);
}

/** Privacy losses of independent uses add up, in both directions; the larger epsilon counts. */
function byPld(charges: readonly Charge[], delta: number): PrivacyBound {
  const unsampled = charges.flatMap(({ mechanism, times }) => unsampledMultiplier(mechanism, times));
  const sampled = charges.filter(({ mechanism }) => unsampledMultiplier(mechanism, 1).length === 0);
  const epsilon =
    sampled.length === 0
      ? gaussianEpsilon(composedGaussians(unsampled), delta)
      : Math.max(...(["add", "remove"] as const).map((it) => epsilonOf(lossesOf(sampled, unsampled, it), delta)));
  return { epsilon, delta, accountant: "pld", order: undefined, isAtEdge: false };
}

function unsampledMultiplier(mechanism: Mechanism, times: number): number[] {
  const isWhole = mechanism.mechanism === "gaussian" && namesEverybody(mechanism.sampling);
  return isWhole ? [mechanism.noiseMultiplier / Math.sqrt(times)] : [];
}

function lossesOf(sampled: readonly Charge[], unsampled: readonly number[], direction: "add" | "remove") {
  const parts = sampled.map(({ mechanism, times }) => ({ curve: lossOf(mechanism, direction), times }));
  if (unsampled.length === 0) return composed(parts);
  const rest = sampledGaussianLoss(composedGaussians(unsampled), 1, direction);
  return composed([...parts, { curve: rest, times: 1 }]);
}

function lossOf(mechanism: Mechanism, direction: "add" | "remove"): LossCurve {
  if (mechanism.mechanism === "tree") throw unsupported("tree aggregation is accounted by Renyi divergences only");
  const { noiseMultiplier: z, adjacency, sampling } = mechanism;
  if (sampling === "full") return sampledGaussianLoss(z, 1, direction);
  if ("fixed" in sampling) throw unsupported("a fixed number of clients is accounted by Renyi divergences only");
  if ("sizePublished" in sampling.poisson) return publishedSizeLoss(z, sampling.poisson, adjacency, direction);
  // the dominating pair of a replaced client lies at +C and -C: its multiplier is relative to C, half of the 2C charged
  if (adjacency === "replace-one") {
    if ("cap" in sampling.poisson) throw unsupported("a capped Poisson sample is accounted under zero-out only");
    return sampledGaussianLoss(2 * z, sampling.poisson.rate, "replace");
  }
  if ("cap" in sampling.poisson) return truncatedPoissonLoss(z, sampling.poisson, direction);
  return sampledGaussianLoss(z, sampling.poisson.rate, direction);
}

function assertOneAdjacency(charges: readonly Charge[]): void {
  const adjacencies = new Set(charges.map(({ mechanism }) => mechanism.adjacency));
  if (adjacencies.size > 1) throw unsupported("charges of two adjacencies do not add up");
}

function unsupported(why: string): FederationError {
  return new FederationError("PRIVACY_UNSUPPORTED", why);
}
