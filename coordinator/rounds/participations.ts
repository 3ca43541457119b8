import type { ClientId, Digest } from "../../core/ids.ts";
import type { TreeSettings } from "../../core/plan-privacy.ts";
import { treeOf } from "../../core/privacy/central-charge.ts";
import type { JobState } from "./job-state.ts";

/**
 * The rounds of the newest tree in which a client was asked, as the limits need them. Whether it answered is not looked
 * at: the turns of the others would depend on it, and the sensitivity of a tree assumes that they do not.
 */
export interface Participation {
  readonly lastRound: number;
  /** How often in the tree of that round. */
  readonly times: number;
}

/** Whether the limits of the plan's trees, which their accounting rests on, leave the client a part in this round. */
export function mayTakePart({ plan, participations }: JobState, clientId: ClientId, round: number): boolean {
  const tree = treeSettings(plan);
  const past = participations.get(clientId);
  if (tree === undefined || past === undefined) return true;
  if (round - past.lastRound < tree.minSeparation) return false;
  return treeOf(tree, past.lastRound) !== treeOf(tree, round) || past.times < tree.maxParticipations;
}

/** After a round that asked these clients and closed. */
export function withParticipations(
  { plan, participations }: JobState,
  round: number,
  clientIds: readonly ClientId[],
): ReadonlyMap<ClientId, Participation> {
  const tree = treeSettings(plan);
  if (tree === undefined) return participations;
  const next = new Map(participations);
  for (const clientId of clientIds) {
    const past = participations.get(clientId);
    const isSameTree = past !== undefined && treeOf(tree, past.lastRound) === treeOf(tree, round);
    next.set(clientId, { lastRound: round, times: isSameTree ? past.times + 1 : 1 });
  }
  return next;
}

/** After a round of a tree has closed. A round closes once: what its noise follows from is not drawn a second time. */
export function withTreeSeed({ plan, treeSeeds }: JobState, round: number, seed: Digest): readonly Digest[] {
  const tree = treeSettings(plan);
  return tree === undefined ? [] : [...treeSeeds.slice(0, (round - 1) % tree.numLeaves), seed];
}

function treeSettings({ privacy }: JobState["plan"]): TreeSettings | undefined {
  return privacy.mode === "central" ? privacy.tree : undefined;
}
