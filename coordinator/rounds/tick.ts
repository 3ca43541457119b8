import { type Refusal, refuse } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import { attemptCharged, clientsCharged } from "./charges.ts";
import { abandonEvent, endJob } from "./endings.ts";
import type { JobEvent } from "./events.ts";
import type { JobState, OpenRound } from "./job-state.ts";
import type { CommandOf, RoundRules, Waits } from "./round.ts";

/** Closes when everyone answered, or at quorum plus grace, or at the deadline; below its minimum it is abandoned. */
export function tick(
  state: JobState,
  { waits, seed, nowMs }: CommandOf<"tick">,
  rules: RoundRules,
): readonly JobEvent[] {
  const { stage, plan } = state;
  if (stage.name !== "open") return [];
  const graceOver = waits.quorumForMs !== undefined && waits.quorumForMs >= plan.round.graceMs;
  const deadlineOver = waits.openForMs >= plan.round.deadlineMs;
  if (!everyoneAnswered(stage, waits.answered) && !graceOver && !deadlineOver) return [];

  const counted = refusalsCounted(state, stage, waits);
  if (isDeclined(state, stage)) return declinedByAll(state, stage, rules, nowMs);
  const tooFew = whyNotEnough(state, stage, rules, waits);
  return tooFew === undefined
    ? [...counted, ...clientsCharged(state, stage, rules), closeEvent(state, stage, rules, { seed, nowMs })]
    : [...counted, ...attemptCharged(state, stage, rules), abandonEvent(state, stage, tooFew, nowMs)];
}

/**
 * Whether the policies of too many sites refuse the task: they will refuse the next attempt too. A cohort that coins
 * decided may be a single client, which says nothing of the others; and in a tree that has been paid, zero vectors cost
 * nothing more, while giving up would cost what nobody has reserved.
 */
function isDeclined({ plan }: JobState, { cohort, declined }: OpenRound): boolean {
  const { privacy } = plan;
  const isCentral = privacy.mode === "central";
  if (isCentral && (plan.cohort.sampling === "poisson" || privacy.tree !== undefined)) return false;
  const needed = isCentral ? 1 : plan.round.minUpdates;
  return declined.size > 0 && cohort.length - declined.size < needed;
}

/**
 * Under central privacy that so many of the drawn clients declined is a fact about the draw, and a client may decline
 * after it has trained: it costs what a release costs. Where clients add the noise, see charges.ts.
 */
function declinedByAll(state: JobState, stage: OpenRound, rules: RoundRules, nowMs: number): JobEvent[] {
  const reason = `${stage.declined.size} of ${stage.cohort.length} clients declined the task`;
  return [
    ...attemptCharged(state, stage, rules),
    abandonEvent(state, stage, refuse("POLICY_REFUSED", reason), nowMs),
    ...endJob(state, "failed", reason, nowMs),
  ];
}

function everyoneAnswered(stage: OpenRound, answered: ReadonlySet<ClientId>): boolean {
  return stage.cohort.every((id) => hasAnswered(stage, answered, id));
}

/** With an update, or with one that was refused, or by declining: under central privacy the latter are zero vectors. */
function hasAnswered(stage: OpenRound, answered: ReadonlySet<ClientId>, id: ClientId): boolean {
  return stage.admitted.has(id) || stage.refused.has(id) || stage.declined.has(id) || answered.has(id);
}

/** Whether the quorum is reached, so that the grace period runs. */
export function quorumReached(state: JobState): boolean {
  return state.stage.name === "open" && state.stage.admitted.size >= state.plan.round.quorum;
}

/** Of the rows the aggregation will have: under central privacy an absentee is the zero vector, so n is fixed. */
function weightsOf({ plan }: JobState, { cohort, admitted }: OpenRound): Float64Array {
  const rows = plan.privacy.mode === "central" ? cohort : cohort.filter((id) => admitted.has(id));
  return Float64Array.from(rows, (id) => admitted.get(id)?.weight ?? 1);
}

function whyNotEnough(state: JobState, stage: OpenRound, rules: RoundRules, waits: Waits): Refusal | undefined {
  const { plan } = state;
  const received = stage.admitted.size;
  const isCentral = plan.privacy.mode === "central";
  if (plan.privacy.mode === "central") {
    const silent = stage.cohort.filter((id) => !hasAnswered(stage, waits.answered, id));
    if (plan.privacy.onAbsence === "abandon" && (silent.length > 0 || received === 0)) {
      return refuse(
        "TOO_FEW_UPDATES",
        `${silent.length} of ${stage.cohort.length} did not answer and ${received} updates came; the plan wants all`,
      );
    }
  } else if (received < plan.round.minUpdates) {
    return refuse("TOO_FEW_UPDATES", `${received} updates, below the minimum of ${plan.round.minUpdates}`);
  }
  const weights = weightsOf(state, stage);
  // coins may ask nobody: noise is released all the same, or its absence would tell
  return isCentral && weights.length === 0 ? undefined : rules.feasible(weights);
}

function refusalsCounted(state: JobState, stage: OpenRound, waits: Waits): JobEvent[] {
  if (Object.keys(waits.refusalCounts).length === 0) return [];
  const { round, attempt } = stage;
  return [{ type: "RefusalsCounted", jobId: state.jobId, round, attempt, counts: waits.refusalCounts }];
}

function closeEvent(
  state: JobState,
  stage: OpenRound,
  rules: RoundRules,
  { seed, nowMs }: Pick<CommandOf<"tick">, "seed" | "nowMs">,
): JobEvent {
  const { round, attempt } = stage;
  const rows = stage.cohort.flatMap((id) => stage.admitted.get(id) ?? []);
  return {
    type: "RoundClosed",
    jobId: state.jobId,
    round,
    attempt,
    rows: rows.map(({ clientId, updateId, payloadSha256 }) => ({ clientId, updateId, payloadSha256 })),
    absent: stage.cohort.filter((id) => !stage.admitted.has(id)),
    distancePath: rules.distancePath(rows.map((row) => row.norm)),
    seeds: [seed],
    closedAtMs: nowMs,
  };
}

/** A machine may have slept, and a simulation's clock goes on when it likes: a round that waits looks again. */
const LOOK_AGAIN_MS = 250;

/** Milliseconds until grace or deadline can end the round, whichever comes first, or until it looks again. */
export function untilNextTick({ plan }: JobState, { openForMs, quorumForMs }: Waits): number {
  const deadline = plan.round.deadlineMs - openForMs;
  const grace = quorumForMs === undefined ? deadline : plan.round.graceMs - quorumForMs;
  return Math.max(1, Math.ceil(Math.min(deadline, grace, LOOK_AGAIN_MS)));
}
