import { FederationError } from "../../../core/errors.ts";
import { boundOf, type Charge, type PrivacyBound } from "../../../core/privacy/accountants/accountant.ts";
import type { Mechanism } from "../../../core/privacy/accountants/mechanism.ts";
import type { PrivatePlan } from "../../../core/privacy/private-plan.ts";
import type { AttemptCharge } from "../../rounds/events.ts";
import { attemptCharge } from "../attempt-charge.ts";
import { leastNoise } from "./least-noise.ts";

export interface PlanCost {
  /** What an attempt, a tree of rounds or a step of a client is charged as. */
  readonly mechanism: Mechanism;
  /** In a population that has spent nothing before. */
  readonly byRound: readonly CostAfter[];
  /** Rounds that maxEpsilon leaves room for, at most those of the plan. */
  readonly affordableRounds: number;
  /** After these; after the plan's rounds where there is no room for one. */
  readonly last: CostAfter;
}

interface CostAfter {
  readonly round: number;
  readonly bound: PrivacyBound;
}

/**
 * What a plan's rounds cost; where clients add the noise, one that takes part in all of them.
 * @throws PRIVACY_UNSUPPORTED where no accountant knows the mechanism
 */
export function costOf(plan: PrivatePlan, numClients: number): PlanCost {
  const { rounds, privacy } = plan;
  const known = new Map<number, CostAfter>();
  const after = (round: number): CostAfter => {
    const cost = known.get(round) ?? { round, bound: boundAfter(plan, numClients, round) };
    known.set(round, cost);
    return cost;
  };
  const fits = (round: number) => after(round).bound.epsilon <= privacy.maxEpsilon;
  const milestones = milestonesUpTo(rounds);
  const beyond = milestones.findIndex((round) => !fits(round));
  const affordableRounds =
    beyond === -1 ? rounds : lastThat(fits, milestones[beyond - 1] ?? 0, milestones[beyond] as number);
  const last = after(affordableRounds === 0 ? rounds : affordableRounds);
  const shown = new Set([...milestones, last.round]);
  const byRound = [...shown].sort((a, b) => a - b).map(after);
  return { mechanism: chargeOf(plan, numClients, 1).mechanism, byRound, affordableRounds, last };
}

/** What so many rounds prove together. @throws PRIVACY_UNSUPPORTED */
export function boundAfter(plan: PrivatePlan, numClients: number, rounds: number): PrivacyBound {
  const accountant = plan.privacy.mode === "central" ? plan.privacy.accountant : undefined;
  return boundOf([chargeOf(plan, numClients, rounds)], plan.privacy.delta, accountant);
}

/** The noise multiplier that leaves room for all rounds; undefined where noise is not set by one, or none is enough. */
export function enoughNoise(plan: PrivatePlan, numClients: number): number | undefined {
  const { privacy, rounds } = plan;
  if (privacy.mode === "local") return undefined;
  const epsilonAt = (noiseMultiplier: number) =>
    boundAfter({ ...plan, privacy: { ...privacy, noiseMultiplier } }, numClients, rounds).epsilon;
  try {
    return leastNoise(epsilonAt, privacy.maxEpsilon);
  } catch (error) {
    if (error instanceof FederationError && error.code === "PRIVACY_UNSUPPORTED") return undefined;
    throw error;
  }
}

/** A tree is paid when it begins, whole. */
function chargeOf(plan: PrivatePlan, numClients: number, rounds: number): Charge {
  const { mechanism, times = 1 } = attemptCharge(plan, numClients) as AttemptCharge;
  const uses = mechanism.mechanism === "tree" ? Math.ceil(rounds / mechanism.numLeaves) : rounds;
  return { mechanism, times: times * uses };
}

/** 1, 2, 5, 10, 20, 50 ... and the last. */
function milestonesUpTo(rounds: number): number[] {
  const milestones: number[] = [];
  for (let power = 1; power < rounds; power *= 10) {
    milestones.push(...[1, 2, 5].map((digit) => digit * power).filter((it) => it < rounds));
  }
  return [...milestones, rounds];
}

/** The last whole number from `low` on, where it holds, before `high`, where it does not. */
function lastThat(holds: (value: number) => boolean, low: number, high: number): number {
  let [yes, no] = [low, high];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
