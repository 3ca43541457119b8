import type { CentralPrivacy, TreeSettings } from "../plan-privacy.ts";
import type { Mechanism, Sampling } from "./accountants/mechanism.ts";
import type { Participation } from "./accountants/tree.ts";

/**
 * What a round costs whose noise the coordinator adds, its cohort drawn as `sampling` says; where the plan has trees,
 * what a whole tree of rounds costs. Noise is scaled to the sensitivity under zero-out; replacing a client moves the
 * result twice as far, so under replace-one the same noise counts half. The clip norm may adapt: its noisy count is part
 * of the same Gaussian.
 */
export function centralMechanism(
  { adjacency, tree, ...privacy }: Pick<CentralPrivacy, "adjacency" | "noiseMultiplier" | "tree">,
  sampling: Sampling,
): Mechanism {
  const noiseMultiplier = privacy.noiseMultiplier / (adjacency === "replace-one" ? 2 : 1);
  if (tree === undefined) return { mechanism: "gaussian", noiseMultiplier, adjacency, sampling: asLogged(sampling) };
  return { mechanism: "tree", noiseMultiplier, adjacency, numLeaves: tree.numLeaves, ...participationLimits(tree) };
}

/** Coins whose number nobody learns are none in a job: its log tells, so that they amplify nothing. */
export function asLogged(sampling: Sampling): Sampling {
  if (sampling === "full" || "fixed" in sampling) return sampling;
  return "sizePublished" in sampling.poisson ? sampling : "full";
}

/** In the accountant's terms: it counts the rounds that lie between two of a client, of which a plan's 1 leaves none. */
export function participationLimits({ minSeparation, maxParticipations }: TreeSettings): Participation {
  return { minSeparation: minSeparation - 1, maxParticipations };
}

/** Trees follow one another, `numLeaves` rounds each. */
export function treeOf({ numLeaves }: Pick<TreeSettings, "numLeaves">, round: number): number {
  return Math.floor((round - 1) / numLeaves);
}
