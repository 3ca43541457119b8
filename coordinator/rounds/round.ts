import { type ErrorCode, type Refusal, refuse } from "../../core/errors.ts";
import type { ClientId, Digest, UpdateId } from "../../core/ids.ts";
import { ZERO_DIGEST } from "../../core/ids.ts";
import { commit } from "./commit.ts";
import type { EventOf, GaussianMechanism, JobEvent, NamedBlob, StoredMemory } from "./events.ts";
import { type JobState, lastSequence, type OpenRound } from "./job-state.ts";
import type { Finding } from "./reputation.ts";

/** What may be asked of a job. Times are monotonic waits measured by the caller; randomness arrives as a value. */
export type Command =
  | {
      readonly type: "open";
      readonly serverNonce: Digest;
      readonly cohort: readonly ClientId[];
      readonly nowMs: number;
    }
  | {
      readonly type: "admit";
      readonly update: Omit<EventOf<"UpdateAdmitted">, "type" | "jobId" | keyof Attempt>;
      readonly attempt: Attempt;
    }
  | {
      readonly type: "refuse";
      readonly attempt: Attempt;
      readonly clientId: ClientId;
      readonly updateId: UpdateId;
      readonly payloadSha256: Digest;
      readonly clientSeq: number;
      readonly code: ErrorCode;
      readonly nowMs: number;
    }
  | { readonly type: "decline"; readonly attempt: Attempt; readonly clientId: ClientId; readonly reason: string }
  /** `seed` is fresh: it is kept if the round closes. */
  | { readonly type: "tick"; readonly waits: Waits; readonly seed: Digest; readonly nowMs: number }
  | { readonly type: "charge"; readonly attempt: Attempt; readonly inputsSha256: Digest }
  | {
      readonly type: "commit";
      readonly attempt: Attempt;
      readonly version: CommittedVersion;
      /** What the figures of the aggregation hold against clients. */
      readonly findings: ReadonlyMap<ClientId, readonly Finding[]>;
      readonly remarks: readonly string[];
      /** The clients of the population that the next cohort may be drawn from. */
      readonly eligible: readonly ClientId[];
      /** Clients of the population that are in quarantine already, whichever job put them there. */
      readonly numQuarantined: number;
      readonly nowMs: number;
    }
  | { readonly type: "fail"; readonly reason: string; readonly nowMs: number }
  | { readonly type: "stop"; readonly reason: string; readonly nowMs: number };

/** What closing a round produced. */
export interface CommittedVersion {
  readonly modelSha256: Digest;
  readonly releasedDeltaSha256: Digest;
  readonly optimizerStateSha256: Digest | undefined;
  readonly ruleMemory: StoredMemory | undefined;
  readonly references: readonly NamedBlob[];
}

export interface Attempt {
  readonly round: number;
  readonly attempt: number;
}

export interface Waits {
  /** How long the round has been open. */
  readonly openForMs: number;
  /** How long ago the quorum was reached; undefined before. */
  readonly quorumForMs: number | undefined;
  /** Clients whose answer was refused before it could be journaled one by one. */
  readonly answered: ReadonlySet<ClientId>;
  /** Those refusals, counted by code. */
  readonly refusalCounts: Readonly<Record<string, number>>;
}

/** What the rules of the plan say about a round of rows with these weights and norms; pure, passed in. */
export interface RoundRules {
  feasible(weights: Float64Array): Refusal | undefined;
  distancePath(norms: readonly number[]): "fast" | "exact";
  /** What one attempt costs under central privacy. */
  readonly mechanism: GaussianMechanism | undefined;
}

/** A client may have this many refusals of one attempt journaled one by one. */
export const MAX_REFUSALS_PER_CLIENT = 8;

/** What follows from a command: events in order (none: nothing to do yet), or the refusal of the command. */
export function decide(state: JobState, command: Command, rules: RoundRules): readonly JobEvent[] | Refusal {
  switch (command.type) {
    case "open":
      return open(state, command);
    case "admit":
      return admit(state, command);
    case "refuse":
      return recordRefusal(state, command);
    case "decline":
      return decline(state, command);
    case "tick":
      return tick(state, command, rules);
    case "charge":
      return charge(state, command, rules);
    case "commit":
      return commit(state, command);
    case "fail":
      return state.stage.name === "ended" ? [] : endJob(state, "failed", command.reason, command.nowMs);
    case "stop":
      return stop(state, command);
  }
}

export type CommandOf<Type extends Command["type"]> = Extract<Command, { type: Type }>;

function open(state: JobState, { serverNonce, cohort, nowMs }: CommandOf<"open">): readonly JobEvent[] {
  const { stage, plan, jobId } = state;
  if (stage.name !== "ready") return [];
  if (stage.round > plan.rounds) return endJob(state, "completed", "all rounds committed", nowMs);
  if (stage.attempt >= plan.round.maxAttempts) {
    return endJob(state, "failed", `round ${stage.round} was abandoned ${stage.attempt} times`, nowMs);
  }
  const { round, attempt } = stage;
  return [
    {
      type: "RoundOpened",
      jobId,
      round,
      attempt,
      serverNonce,
      baseModelSha256: state.modelSha256,
      cohort,
      openedAtMs: nowMs,
    },
  ];
}

function openAttempt(state: JobState, { round, attempt }: Attempt): OpenRound | undefined {
  const { stage } = state;
  return stage.name === "open" && stage.round === round && stage.attempt === attempt ? stage : undefined;
}

function admit(state: JobState, { update, attempt }: CommandOf<"admit">): readonly JobEvent[] | Refusal {
  const stage = openAttempt(state, attempt);
  if (stage === undefined) return refuse("ROUND_NOT_OPEN", `round ${attempt.round} attempt ${attempt.attempt} is over`);
  if (!stage.cohort.includes(update.clientId)) return refuse("NOT_IN_COHORT", update.clientId);
  const standing = stage.admitted.get(update.clientId);
  if (standing !== undefined) return refuse("UPDATE_CONFLICT", `${standing.updateId} stands for ${update.clientId}`);
  if (update.clientSeq <= lastSequence(state, update.clientId)) {
    return refuse("SEQUENCE_REPLAYED", `sequence ${update.clientSeq} of ${update.clientId}`);
  }
  return [{ type: "UpdateAdmitted", jobId: state.jobId, ...attempt, ...update }];
}

function recordRefusal(state: JobState, command: CommandOf<"refuse">): readonly JobEvent[] {
  const { attempt, clientId, updateId, clientSeq, code, nowMs } = command;
  const stage = openAttempt(state, attempt);
  if (stage === undefined || (stage.refused.get(clientId)?.count ?? 0) >= MAX_REFUSALS_PER_CLIENT) return [];
  const { jobId } = state;
  return [
    { type: "UpdateRefused", jobId, ...attempt, clientId, updateId, clientSeq, code, receivedAtMs: nowMs },
    ...equivocation(state, stage, command),
  ];
}

/** Two signed headers over different payloads for one attempt: the first stands, the client is flagged. */
function equivocation(state: JobState, stage: OpenRound, command: CommandOf<"refuse">): JobEvent[] {
  const { attempt, clientId, updateId, payloadSha256, code } = command;
  const standing = stage.admitted.get(clientId);
  if (code !== "UPDATE_CONFLICT" || standing === undefined || standing.payloadSha256 === payloadSha256) return [];
  return [
    {
      type: "Equivocation",
      jobId: state.jobId,
      ...attempt,
      clientId,
      standing: standing.updateId,
      conflicting: updateId,
    },
  ];
}

function decline(state: JobState, { attempt, clientId, reason }: CommandOf<"decline">): readonly JobEvent[] {
  const stage = openAttempt(state, attempt);
  if (!stage?.cohort.includes(clientId) || stage.declined.has(clientId) || stage.admitted.has(clientId)) return [];
  return [{ type: "ClientDeclined", jobId: state.jobId, ...attempt, clientId, reason }];
}

/** Closes when everyone answered, or at quorum plus grace, or at the deadline; below its minimum it is abandoned. */
function tick(state: JobState, { waits, seed, nowMs }: CommandOf<"tick">, rules: RoundRules): readonly JobEvent[] {
  const { stage, plan } = state;
  if (stage.name !== "open") return [];
  const graceOver = waits.quorumForMs !== undefined && waits.quorumForMs >= plan.round.graceMs;
  const deadlineOver = waits.openForMs >= plan.round.deadlineMs;
  if (!everyoneAnswered(stage, waits.answered) && !graceOver && !deadlineOver) return [];

  const counted = refusalsCounted(state, stage, waits);
  if (isDeclined(state, stage)) return declinedByAll(state, stage, nowMs);
  const tooFew = whyNotEnough(state, stage, rules, waits);
  return tooFew === undefined
    ? [...counted, closeEvent(state, stage, rules, { seed, nowMs })]
    : [...counted, ...attemptCharged(state, stage, rules), abandonEvent(state, stage, tooFew, nowMs)];
}

/** Whether the policies of too many sites refuse the task: they will refuse the next attempt too. */
function isDeclined({ plan }: JobState, { cohort, declined }: OpenRound): boolean {
  const needed = plan.privacy.mode === "central" ? 1 : plan.round.minUpdates;
  return declined.size > 0 && cohort.length - declined.size < needed;
}

/** Nothing is charged: sites decline a task before they touch their data. */
function declinedByAll(state: JobState, stage: OpenRound, nowMs: number): JobEvent[] {
  const reason = `${stage.declined.size} of ${stage.cohort.length} clients declined the task`;
  return [
    abandonEvent(state, stage, refuse("POLICY_REFUSED", reason), nowMs),
    ...endJob(state, "failed", reason, nowMs),
  ];
}

/** That an attempt failed for want of one client is a fact about that client: it costs what a release costs. */
function attemptCharged(state: JobState, stage: OpenRound, { mechanism }: RoundRules): JobEvent[] {
  if (mechanism === undefined) return [];
  const { round, attempt } = stage;
  return [
    { type: "ChargeReserved", jobId: state.jobId, round, attempt, noiseIndex: 0, inputsSha256: ZERO_DIGEST, mechanism },
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
  return rules.feasible(weightsOf(state, stage));
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

function abandonEvent(state: JobState, stage: OpenRound, why: Refusal, nowMs: number): JobEvent {
  const { round, attempt } = stage;
  return {
    type: "RoundAbandoned",
    jobId: state.jobId,
    round,
    attempt,
    reason: why.detail,
    code: why.refused,
    atMs: nowMs,
  };
}

/** Reserves the charge that must be durable before noise is drawn; the same inputs reuse their noise and their charge. */
function charge(
  state: JobState,
  { attempt, inputsSha256 }: CommandOf<"charge">,
  rules: RoundRules,
): readonly JobEvent[] {
  const { stage } = state;
  if (stage.name !== "closed" || stage.round !== attempt.round || rules.mechanism === undefined) return [];
  if (stage.charges.some((it) => it.inputsSha256 === inputsSha256)) return [];
  const noiseIndex = stage.charges.length;
  const { mechanism } = rules;
  return [{ type: "ChargeReserved", jobId: state.jobId, ...attempt, noiseIndex, inputsSha256, mechanism }];
}

function stop(state: JobState, { reason, nowMs }: CommandOf<"stop">): readonly JobEvent[] {
  const { stage } = state;
  if (stage.name === "ended") return [];
  const abandoned =
    stage.name === "open" ? [abandonEvent(state, stage, refuse("SHUTTING_DOWN", `job stopped: ${reason}`), nowMs)] : [];
  return [...abandoned, ...endJob(state, "stopped", reason, nowMs)];
}

function endJob(
  state: JobState,
  outcome: "completed" | "stopped" | "failed",
  reason: string,
  nowMs: number,
): JobEvent[] {
  return [{ type: "JobEnded", jobId: state.jobId, outcome, reason, finalModelSha256: state.modelSha256, atMs: nowMs }];
}
