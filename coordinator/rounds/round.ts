import { type ErrorCode, type Refusal, refuse } from "../../core/errors.ts";
import type { ClientId, Digest, UpdateId } from "../../core/ids.ts";
import type { Sampling } from "../../core/privacy/accountants/mechanism.ts";
import { charge } from "./charges.ts";
import { commit } from "./commit.ts";
import { endJob, stop } from "./endings.ts";
import type { AttemptCharge, EventOf, JobEvent, NamedBlob, StoredMemory } from "./events.ts";
import { type JobState, lastSequence, type OpenRound } from "./job-state.ts";
import type { Finding } from "./reputation.ts";
import { tick } from "./tick.ts";

/** What may be asked of a job. Times are monotonic waits measured by the caller; randomness arrives as a value. */
export type Command =
  | {
      readonly type: "open";
      readonly serverNonce: Digest;
      readonly cohort: readonly ClientId[];
      /** What the draw of the cohort proves to an accountant; undefined without central privacy. */
      readonly sampling?: Sampling | undefined;
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
  | {
      readonly type: "decline";
      readonly attempt: Attempt;
      readonly clientId: ClientId;
      readonly reason: string;
      /** It is not the client that says so, or the client may have begun to send its update. */
      readonly pays?: true;
    }
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
  /** Where the clip norm adapts. */
  readonly nextClipNorm: number | undefined;
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
  /** What one attempt costs; undefined without privacy. */
  readonly charge: AttemptCharge | undefined;
}

/** A client may have this many refusals of one attempt journaled one by one. */
export const MAX_REFUSALS_PER_CLIENT = 8;

/** What follows from a command: events in order (none: nothing to do yet), or the refusal of the command. */
export function decide(state: JobState, command: Command, rules: RoundRules): readonly JobEvent[] | Refusal {
  switch (command.type) {
    case "open":
      return open(state, command, rules);
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
      return stop(state, command, rules);
  }
}

export type CommandOf<Type extends Command["type"]> = Extract<Command, { type: Type }>;

function open(state: JobState, command: CommandOf<"open">, rules: RoundRules): readonly JobEvent[] {
  const { serverNonce, cohort, sampling, nowMs } = command;
  const { stage, plan, jobId } = state;
  if (stage.name !== "ready") return [];
  if (stage.round > plan.rounds) return endJob(state, "completed", "all rounds committed", nowMs);
  if (stage.attempt >= plan.round.maxAttempts) {
    return endJob(state, "failed", `round ${stage.round} was abandoned ${stage.attempt} times`, nowMs);
  }
  const { round, attempt } = stage;
  const infeasible = infeasibleTurn(state, cohort, rules);
  if (infeasible !== undefined) return endJob(state, "failed", infeasible.detail, nowMs);
  return [
    {
      type: "RoundOpened",
      jobId,
      round,
      attempt,
      serverNonce,
      baseModelSha256: state.modelSha256,
      cohort,
      ...(sampling !== undefined && { sampling }),
      ...(state.clipNorm !== undefined && { clipNorm: state.clipNorm }),
      openedAtMs: nowMs,
    },
  ];
}

/** Of a tree: given up when it closes, a turn would cost a whole tree, which nobody has reserved in one that is paid. */
function infeasibleTurn({ plan }: JobState, cohort: readonly ClientId[], rules: RoundRules): Refusal | undefined {
  const isTurn = plan.privacy.mode === "central" && plan.privacy.tree !== undefined;
  return isTurn && cohort.length > 0 ? rules.feasible(new Float64Array(cohort.length).fill(1)) : undefined;
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

function decline(state: JobState, { attempt, clientId, reason, pays }: CommandOf<"decline">): readonly JobEvent[] {
  const stage = openAttempt(state, attempt);
  if (!stage?.cohort.includes(clientId) || stage.admitted.has(clientId)) return [];
  // only what spared it can be taken back
  if (stage.declined.has(clientId) && !(pays && stage.spared.has(clientId))) return [];
  return [{ type: "ClientDeclined", jobId: state.jobId, ...attempt, clientId, reason, ...(pays && { pays }) }];
}
