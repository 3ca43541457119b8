import type { ErrorCode } from "../../core/errors.ts";
import { type ClientId, type Digest, type JobId, ZERO_DIGEST } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { Sampling } from "../../core/privacy/accountants/mechanism.ts";
import { treeOf } from "../../core/privacy/central-charge.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import { type AdmittedUpdate, admitted } from "../../core/update.ts";
import type { EventOf, JobEvent, StoredMemory } from "./events.ts";
import { type Participation, withParticipations, withTreeSeed } from "./participations.ts";
import { CLEAN, type Finding, isFault, type Standing } from "./reputation.ts";

/** Everything a job is, as its events made it: `evolve` folds the journal into this. */
export interface JobState {
  readonly jobId: JobId;
  readonly plan: Plan;
  readonly planSha256: Digest;
  readonly tensorSchema: TensorSchema;
  readonly tensorSchemaSha256: Digest;
  readonly population: readonly ClientId[];
  /** Clients have been asked for updates. */
  readonly hasOpened: boolean;
  /** Version 0 is the initial model; round r commits version r. */
  readonly version: number;
  readonly modelSha256: Digest;
  readonly optimizerStateSha256: Digest | undefined;
  /** The aggregate that led to this version, as released; undefined before the first. */
  readonly releasedDeltaSha256: Digest | undefined;
  /** What the rule remembers of the rounds before. */
  readonly ruleMemory: StoredMemory | undefined;
  /** To which the next round's updates are clipped, where that adapts; else the plan has it. */
  readonly clipNorm: number | undefined;
  /** Where the plan limits how often a client takes part. */
  readonly participations: ReadonlyMap<ClientId, Participation>;
  /** Of the rounds of the newest tree that have closed, from its first on: the seeds that their noise follows from. */
  readonly treeSeeds: readonly Digest[];
  /** The newest tree of rounds that was charged. */
  readonly paidTree: number | undefined;
  /** Of clients whose record is not clean. */
  readonly standings: ReadonlyMap<ClientId, Standing>;
  /** Proven since the last version, over all attempts. */
  readonly faults: ReadonlyMap<ClientId, readonly Finding[]>;
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
  readonly sampling: Sampling | undefined;
  readonly openedAtMs: number;
  readonly admitted: ReadonlyMap<ClientId, AdmittedUpdate>;
  readonly answers: ReadonlyMap<ClientId, Answer>;
  /** Journaled refusals per client: their count and the last code. */
  readonly refused: ReadonlyMap<ClientId, { readonly count: number; readonly code: ErrorCode }>;
  readonly declined: ReadonlySet<ClientId>;
  /** Of these, who said so by itself before it began to send its update: all that is known to have shown nothing. */
  readonly spared: ReadonlySet<ClientId>;
}

/** What is known of an admitted update beside the update. */
export interface Answer {
  /** Since the round opened. */
  readonly afterMs: number;
  /** Examples the client claimed, where that was above the plan's cap. */
  readonly cappedFrom: number | undefined;
}

/** The cohort's answers are in; the aggregate is a function of this and the stored updates alone. */
export interface ClosedRound {
  readonly name: "closed";
  readonly round: number;
  readonly attempt: number;
  /** Rows of the aggregation, by client id. */
  readonly rows: readonly AdmittedUpdate[];
  readonly absent: readonly ClientId[];
  readonly sampling: Sampling | undefined;
  readonly answers: OpenRound["answers"];
  readonly refused: OpenRound["refused"];
  readonly distancePath: "fast" | "exact";
  /** From which all chance in the aggregation follows. */
  readonly seed: Digest;
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
    hasOpened: false,
    version: 0,
    modelSha256: event.initialModelSha256,
    optimizerStateSha256: undefined,
    releasedDeltaSha256: undefined,
    ruleMemory: undefined,
    clipNorm: firstClipNorm(event.plan),
    participations: new Map(),
    treeSeeds: [],
    paidTree: undefined,
    standings: new Map(),
    faults: new Map(),
    sequences: new Map(),
    stage: { name: "ready", round: 1, attempt: 0 },
  };
}

function firstClipNorm({ privacy }: Plan): number | undefined {
  return privacy.mode === "central" && privacy.adaptiveClipping !== undefined ? privacy.clipNorm : undefined;
}

/** The state after one more event. Pure; an event that cannot follow is ignored by no one: `decide` never makes it. */
export function evolve(state: JobState, event: JobEvent | EventOf<"ClientReleased">): JobState {
  switch (event.type) {
    case "RoundOpened":
      return { ...state, hasOpened: true, stage: opened(event) };
    case "UpdateAdmitted":
      return spend(
        inOpenRound(state, (open) => withAdmitted(open, event)),
        event,
      );
    case "UpdateRefused":
      return spend(
        withFault(
          inOpenRound(state, (open) => withRefused(open, event)),
          event.clientId,
          isFault(event.code) ? ["refusal"] : [],
        ),
        event,
      );
    case "ClientDeclined":
      return inOpenRound(state, (open) => withDeclined(open, event));
    case "RoundClosed":
      return inOpenRound(
        {
          ...state,
          participations: withParticipations(state, event.round, askedIn(event)),
          treeSeeds: withTreeSeed(state, event.round, seedOf(event)),
        },
        (open) => closed(open, event),
      );
    case "ChargeReserved":
      return withCharge(state, event);
    case "RoundDiagnosed":
      return diagnosed(state, event);
    case "VersionCommitted":
      return committed(state, event);
    case "Equivocation":
      return withFault(state, event.clientId, ["equivocation"]);
    case "ClientReleased":
      return released(state, event.clientId);
    case "RoundAbandoned":
      return { ...state, stage: { name: "ready", round: event.round, attempt: event.attempt + 1 } };
    case "JobEnded":
      return { ...state, stage: { name: "ended", outcome: event.outcome, reason: event.reason } };
    case "JobStarted":
    case "RefusalsCounted":
    case "ClientQuarantined":
    case "ModelEvaluated":
      return state;
  }
}

/** What is remembered of the client. */
export function standingOf(state: JobState, clientId: ClientId): Standing {
  return state.standings.get(clientId) ?? CLEAN;
}

/** The clients this round has learned something about: whose updates count, and whose fault was proven meanwhile. */
export function judged({ faults }: JobState, { rows }: ClosedRound): readonly ClientId[] {
  return [...new Set([...rows.map((row) => row.clientId), ...faults.keys()])].sort();
}

/** The highest sequence number the client has spent in this job; 0 before its first. */
export function lastSequence(state: JobState, clientId: ClientId): number {
  return state.sequences.get(clientId) ?? 0;
}

function inOpenRound(state: JobState, change: (open: OpenRound) => Stage): JobState {
  return state.stage.name === "open" ? { ...state, stage: change(state.stage) } : state;
}

function opened(event: EventOf<"RoundOpened">): OpenRound {
  const { round, attempt, serverNonce, cohort, sampling, openedAtMs } = event;
  return {
    name: "open",
    round,
    attempt,
    serverNonce,
    cohort,
    sampling,
    openedAtMs,
    admitted: new Map(),
    answers: new Map(),
    refused: new Map(),
    declined: new Set(),
    spared: new Set(),
  };
}

function withAdmitted(open: OpenRound, event: EventOf<"UpdateAdmitted">): OpenRound {
  const { clientId, updateId, payloadSha256, norm, weight, cappedFrom, receivedAtMs } = event;
  const update = admitted({ clientId, updateId, payloadSha256, norm, weight });
  const afterMs = Math.max(0, receivedAtMs - open.openedAtMs);
  const answer = { afterMs, cappedFrom: cappedFrom === undefined ? undefined : Number(cappedFrom) };
  return {
    ...open,
    admitted: new Map(open.admitted).set(clientId, update),
    answers: new Map(open.answers).set(clientId, answer),
  };
}

function withDeclined(open: OpenRound, { clientId, pays }: EventOf<"ClientDeclined">): OpenRound {
  const spared = new Set(open.spared);
  if (pays) spared.delete(clientId);
  else spared.add(clientId);
  return { ...open, declined: new Set(open.declined).add(clientId), spared };
}

function withRefused(open: OpenRound, event: EventOf<"UpdateRefused">): OpenRound {
  const count = (open.refused.get(event.clientId)?.count ?? 0) + 1;
  return { ...open, refused: new Map(open.refused).set(event.clientId, { count, code: event.code }) };
}

function withFault(state: JobState, clientId: ClientId, findings: readonly Finding[]): JobState {
  if (findings.length === 0) return state;
  const known = new Set([...(state.faults.get(clientId) ?? []), ...findings]);
  return { ...state, faults: new Map(state.faults).set(clientId, [...known]) };
}

function spend(state: JobState, { clientId, clientSeq }: { clientId: ClientId; clientSeq: number }): JobState {
  const highest = Math.max(clientSeq, state.sequences.get(clientId) ?? 0);
  return { ...state, sequences: new Map(state.sequences).set(clientId, highest) };
}

function closed(open: OpenRound, event: EventOf<"RoundClosed">): ClosedRound {
  const { round, attempt, absent, distancePath } = event;
  const { answers, refused, sampling } = open;
  const seed = seedOf(event);
  const rows = event.rows.map((row) => open.admitted.get(row.clientId)).filter((row) => row !== undefined);
  return { name: "closed", round, attempt, rows, absent, sampling, answers, refused, distancePath, seed, charges: [] };
}

/** Older journals have none. */
const seedOf = ({ seeds: [seed = ZERO_DIGEST] }: EventOf<"RoundClosed">) => seed;

const askedIn = ({ rows, absent }: EventOf<"RoundClosed">) => [...rows.map((row) => row.clientId), ...absent];

function withCharge(state: JobState, event: EventOf<"ChargeReserved">): JobState {
  if (state.stage.name !== "closed") return state;
  const { privacy } = state.plan;
  const tree = privacy.mode === "central" ? privacy.tree : undefined;
  const stage = { ...state.stage, charges: [...state.stage.charges, event] };
  return { ...state, paidTree: tree === undefined ? undefined : treeOf(tree, event.round), stage };
}

function diagnosed(state: JobState, { standings: listed }: EventOf<"RoundDiagnosed">): JobState {
  if (state.stage.name !== "closed") return state;
  const standings = new Map(state.standings);
  for (const clientId of judged(state, state.stage)) standings.delete(clientId);
  for (const { clientId, reputation, suspectRounds } of listed) standings.set(clientId, { reputation, suspectRounds });
  return { ...state, standings };
}

function released(state: JobState, clientId: ClientId): JobState {
  const without = <T>(map: ReadonlyMap<ClientId, T>) => new Map([...map].filter(([id]) => id !== clientId));
  return { ...state, standings: without(state.standings), faults: without(state.faults) };
}

function committed(state: JobState, event: EventOf<"VersionCommitted">): JobState {
  return {
    ...state,
    version: event.version,
    modelSha256: event.modelSha256,
    optimizerStateSha256: event.optimizerStateSha256,
    releasedDeltaSha256: event.releasedDeltaSha256,
    ruleMemory: event.ruleMemory,
    clipNorm: event.nextClipNorm ?? state.clipNorm,
    faults: new Map(),
    stage: { name: "ready", round: event.round + 1, attempt: 0 },
  };
}
