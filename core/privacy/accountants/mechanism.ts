import type { PublishedSize } from "./published-size.ts";

/** How the two populations differ that must not be told apart. */
export type Adjacency = "zero-out" | "replace-one";

/** How the clients of a round were chosen. Only what the scheduler did by its own secret coins amplifies. */
export type Sampling =
  /** Everybody, or anything that depends on data, speed or the clients themselves. */
  | "full"
  /**
   * An independent coin for each enrolled client; with a cap, a uniform choice among those that came up. Nobody learns how
   * many there were.
   */
  | { readonly poisson: { readonly rate: number } }
  | { readonly poisson: { readonly rate: number; readonly cap: number; readonly population: number } }
  /** The same, but how many were drawn is told to whoever sees what was released. */
  | { readonly poisson: PublishedSize }
  /** Exactly `cohort` of `population`, uniformly. */
  | { readonly fixed: { readonly cohort: number; readonly population: number } };

/**
 * One use of a mechanism, as it is charged. `noiseMultiplier` is the standard deviation of the noise over the L2
 * sensitivity under `adjacency`: clipped sums have C under zero-out and 2C under replace-one.
 */
export type Mechanism =
  | {
      readonly mechanism: "gaussian";
      readonly noiseMultiplier: number;
      readonly adjacency: Adjacency;
      readonly sampling: Sampling;
    }
  /** A whole tree of `numLeaves` rounds in which a client may take part as often as the limits allow. */
  | {
      readonly mechanism: "tree";
      readonly noiseMultiplier: number;
      readonly adjacency: Adjacency;
      readonly numLeaves: number;
      readonly minSeparation: number;
      readonly maxParticipations: number;
    };

/** The same noise for everybody in every round: an upper bound of any secret sample's cost. */
export function unamplified(mechanism: Mechanism): Mechanism {
  return mechanism.mechanism === "gaussian" ? { ...mechanism, sampling: "full" } : mechanism;
}

/** Whether the draw names everybody, whatever it is called. */
export function namesEverybody(sampling: Sampling): boolean {
  if (sampling === "full") return true;
  if ("fixed" in sampling) return sampling.fixed.cohort === sampling.fixed.population;
  return sampling.poisson.rate === 1 && !("cap" in sampling.poisson);
}
