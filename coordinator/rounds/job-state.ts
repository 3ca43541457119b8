import type { ErrorCode } from "../../core/errors.ts";
import type { ClientId, Digest, JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import { type AdmittedUpdate, admitted } from "../../core/update.ts";
import type { EventOf, JobEvent } from "./events.ts";

/** Everything a job is, as its events made it: `evolve` folds the journal into this. */
export interface JobState {
  readonly jobId: JobId;
  readonly plan: Plan;
  readonly planSha256: Digest;
  readonly tensorSchema: TensorSchema;
  readonly tensorSchemaSha256: Digest;
  readonly population: readonly ClientId[];
  /** Version 0 is the initial model; round r commits version r. */
  readonly version: number;
  readonly modelSha256: Digest;
  readonly optimizerStateSha256: Digest | undefined;
  /** The highest sequence number each client has spent in this job. */
  readonly sequences: ReadonlyMap<ClientId, number>;
  readonly stage: Stage;
}

export type Stage =
  /** Between rounds: this attempt opens next. */
  | { readonly name: "ready"; readonly round: number; readonly attempt: number }
  | OpenRound
  | ClosedRound
  | { readonly name: "ended"; readonly outcome: "completed" | "stopped" | "failed"; readonly reason: string };

export interface OpenRound {
  readonly name: "open";
  readonly round: number;
  readonly attempt: number;
  readonly serverNonce: Digest;
  readonly cohort: readonly ClientId[];
  readonly openedAtMs: number;
  readonly admitted: ReadonlyMap<ClientId, AdmittedUpdate>;
  /** Journaled refusals per client: their count and the last code. */
  readonly refused: ReadonlyMap<ClientId, { readonly count: number; readonly code: ErrorCode }>;
  readonly declined: ReadonlySet<ClientId>;
}

/** The cohort's answers are in; the aggregate is a function of this and the stored updates alone. */
export interface ClosedRound {
  readonly name: "closed";
  readonly round: number;
  readonly attempt: number;
  /** Rows of the aggregation, by client id. */
  readonly rows: readonly AdmittedUpdate[];
  readonly absent: readonly ClientId[];
  readonly distancePath: "fast" | "exact";
  /** Noise streams already bound to inputs of this attempt. */
  readonly charges: readonly EventOf<"ChargeReserved">[];
}

export function startJob(event: EventOf<"JobStarted">): JobState {
  return {
    jobId: event.jobId,
    plan: event.plan,
    planSha256: event.planSha256,
    tensorSchema: event.tensorSchema,
    tensorSchemaSha256: event.tensorSchemaSha256,
    population: event.population,
    version: 0,
    modelSha256: event.initialModelSha256,
    optimizerStateSha256: undefined,
    sequences: new Map(),
    stage: { name: "ready", round: 1, attempt: 0 },
  };
}

/** The state after one more event. Pure; an event that cannot follow is ignored by no one: `decide` never makes it. */
export function evolve(state: JobState, event: JobEvent): JobState {
  switch (event.type) {
    case "RoundOpened":
      return { ...state, stage: opened(event) };
    case "UpdateAdmitted":
      return spend(
        inOpenRound(state, (open) => withAdmitted(open, event)),
        event,
      );
    case "UpdateRefused":
      return spend(
        inOpenRound(state, (open) => withRefused(open, event)),
        event,
      );
    case "ClientDeclined":
      return inOpenRound(state, (open) => ({ ...open, declined: new Set(open.declined).add(event.clientId) }));
    case "RoundClosed":
      return inOpenRound(state, (open) => closed(open, event));
    case "ChargeReserved":
      return withCharge(state, event);
    case "VersionCommitted":
      return committed(state, event);
    case "RoundAbandoned":
      return { ...state, stage: { name: "ready", round: event.round, attempt: event.attempt + 1 } };
    case "JobEnded":
      return { ...state, stage: { name: "ended", outcome: event.outcome, reason: event.reason } };
    case "JobStarted":
    case "Equivocation":
    case "RefusalsCounted":
    case "ModelEvaluated":
      return state;
  }
}

/** The highest sequence number the client has spent in this job; 0 before its first. */
export function lastSequence(state: JobState, clientId: ClientId): number {
  return state.sequences.get(clientId) ?? 0;
}

function inOpenRound(state: JobState, change: (open: OpenRound) => Stage): JobState {
  return state.stage.name === "open" ? { ...state, stage: change(state.stage) } : state;
}

function opened(event: EventOf<"RoundOpened">): OpenRound {
  const { round, attempt, serverNonce, cohort, openedAtMs } = event;
  return {
    name: "open",
    round,
    attempt,
    serverNonce,
    cohort,
    openedAtMs,
    admitted: new Map(),
    refused: new Map(),
    declined: new Set(),
  };
}

function withAdmitted(open: OpenRound, event: EventOf<"UpdateAdmitted">): OpenRound {
  const { clientId, updateId, payloadSha256, norm, weight } = event;
  const update = admitted({ clientId, updateId, payloadSha256, norm, weight });
  return { ...open, admitted: new Map(open.admitted).set(clientId, update) };
}

function withRefused(open: OpenRound, event: EventOf<"UpdateRefused">): OpenRound {
  const count = (open.refused.get(event.clientId)?.count ?? 0) + 1;
  return { ...open, refused: new Map(open.refused).set(event.clientId, { count, code: event.code }) };
}

function spend(state: JobState, { clientId, clientSeq }: { clientId: ClientId; clientSeq: number }): JobState {
  const highest = Math.max(clientSeq, state.sequences.get(clientId) ?? 0);
  return { ...state, sequences: new Map(state.sequences).set(clientId, highest) };
}

function closed(open: OpenRound, event: EventOf<"RoundClosed">): ClosedRound {
  const { round, attempt, absent, distancePath } = event;
  const rows = event.rows.map((row) => open.admitted.get(row.clientId)).filter((row) => row !== undefined);
  return { name: "closed", round, attempt, rows, absent, distancePath, charges: [] };
}

function withCharge(state: JobState, event: EventOf<"ChargeReserved">): JobState {
  if (state.stage.name !== "closed") return state;
  return { ...state, stage: { ...state.stage, charges: [...state.stage.charges, event] } };
}

function committed(state: JobState, event: EventOf<"VersionCommitted">): JobState {
  return {
    ...state,
    version: event.version,
    modelSha256: event.modelSha256,
    optimizerStateSha256: event.optimizerStateSha256,
    stage: { name: "ready", round: event.round + 1, attempt: 0 },
  };
}
