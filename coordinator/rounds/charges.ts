import { ZERO_DIGEST } from "../../core/ids.ts";
import { asLogged, treeOf } from "../../core/privacy/central-charge.ts";
import type { AttemptCharge, EventOf, JobEvent } from "./events.ts";
import type { ClosedRound, JobState, OpenRound } from "./job-state.ts";
import type { CommandOf, RoundRules } from "./round.ts";

/** Reserves the charge that must be durable before noise is drawn; the same inputs reuse their noise and their charge. */
export function charge(
  state: JobState,
  { attempt, inputsSha256 }: CommandOf<"charge">,
  rules: RoundRules,
): readonly JobEvent[] {
  const { stage, jobId } = state;
  if (stage.name !== "closed" || stage.round !== attempt.round || stage.attempt !== attempt.attempt) return [];
  if (rules.charge === undefined || stage.charges.some((it) => it.inputsSha256 === inputsSha256)) return [];
  const noiseIndex = stage.charges.length;
  const times = noiseIndex === 0 ? timesOf(state, stage.round) : undefined;
  const paid = { ...chargeOf(state, rules.charge, stage), ...(times !== undefined && { times }) };
  return [{ type: "ChargeReserved", jobId, ...attempt, noiseIndex, inputsSha256, ...paid }];
}

/**
 * What the next attempt of this job will be charged: what has to fit into the budget before it opens, and of one that has
 * opened, what its own draw costs. Undefined where the job is charged for nothing.
 */
export function nextCharge(state: JobState, planned: AttemptCharge | undefined): AttemptCharge | undefined {
  const { stage } = state;
  if (planned === undefined || stage.name === "ended") return undefined;
  const times = timesOf(state, stage.round);
  const paid = stage.name === "ready" ? planned : chargeOf(state, planned, stage);
  return { ...paid, ...(times !== undefined && { times }) };
}

/**
 * What an attempt that was given up costs. Under central privacy: that it failed for want of one client is a fact about
 * that client, and costs what a release costs. Where clients add the noise: whoever may have begun to
 * send its update pays for it, whatever becomes of it.
 */
export function attemptCharged(state: JobState, stage: OpenRound, rules: RoundRules): JobEvent[] {
  return state.plan.privacy.mode === "central" ? reserved(state, stage, rules) : clientsCharged(state, stage, rules);
}

/** The charge of a round whose noise the clients add themselves; none elsewhere. */
export function clientsCharged(state: JobState, stage: OpenRound, rules: RoundRules): JobEvent[] {
  if (state.plan.privacy.mode === "central") return [];
  const clients = stage.cohort.filter((clientId) => !stage.spared.has(clientId) || stage.admitted.has(clientId));
  return clients.length === 0 ? [] : reserved(state, stage, rules, { clients });
}

/** Bound to no inputs: nothing is released with noise of ours. */
function reserved(
  state: JobState,
  stage: OpenRound,
  rules: RoundRules,
  who: Pick<AttemptCharge, "clients"> = {},
): EventOf<"ChargeReserved">[] {
  if (rules.charge === undefined) return [];
  const { round, attempt } = stage;
  const paid = { ...chargeOf(state, rules.charge, stage), ...who };
  const bound = { noiseIndex: 0, inputsSha256: ZERO_DIGEST } as const;
  return [{ type: "ChargeReserved", jobId: state.jobId, round, attempt, ...bound, ...paid }];
}

/**
 * By what the scheduler did when it drew this cohort, not by what the plan says: a draw that nobody recorded amplifies
 * nothing, nor does one of which the log tells more than was recorded.
 */
function chargeOf({ plan }: JobState, planned: AttemptCharge, stage: OpenRound | ClosedRound): AttemptCharge {
  const { mechanism, ...rest } = planned;
  if (plan.privacy.mode !== "central" || mechanism.mechanism === "tree") return planned;
  return { mechanism: { ...mechanism, sampling: asLogged(stage.sampling ?? "full") }, ...rest };
}

/** 0 in a tree that has been paid, else as the plan says. */
function timesOf(state: JobState, round: number): 0 | undefined {
  const { privacy } = state.plan;
  if (privacy.mode !== "central" || privacy.tree === undefined) return undefined;
  return state.paidTree === treeOf(privacy.tree, round) ? 0 : undefined;
}
