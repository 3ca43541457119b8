import type { JobEvent } from "../../coordinator/index.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";

/** What one job's journal says so far. */
export interface JobProgress {
  /** By round; a round that is attempted again starts afresh. */
  readonly rounds: readonly RoundProgress[];
  readonly end: { readonly outcome: "completed" | "stopped" | "failed"; readonly reason: string } | undefined;
}

export interface RoundProgress {
  readonly round: number;
  readonly attempt: number;
  readonly phase: "open" | "closed" | "committed" | "abandoned";
  readonly openedAtMs: number;
  readonly cohort: readonly ClientId[];
  readonly answers: ReadonlyMap<ClientId, Answer>;
  /** Asked, but with nothing in the aggregate. */
  readonly absent: readonly ClientId[];
  /** Over all attempts of the round: refused one by one, and only counted. */
  readonly refused: number;
  /** Codes of those refusals, each once. */
  readonly refusalCodes: readonly string[];
  readonly abandonedFor: string | undefined;
  /** Of the global model after the round, on the held-out set. */
  readonly accuracy: number | undefined;
}

export type Answer =
  | { readonly kind: "admitted"; readonly afterMs: number }
  | { readonly kind: "refused"; readonly afterMs: number; readonly code: ErrorCode }
  | { readonly kind: "declined"; readonly reason: string };

export const NOTHING_YET: JobProgress = { rounds: [], end: undefined };

/** The state after one more event of the job's journal. */
export function progressed(job: JobProgress, event: JobEvent): JobProgress {
  switch (event.type) {
    case "RoundOpened":
      return { ...job, rounds: opened(job.rounds, event) };
    case "ModelEvaluated":
      // Every committed round makes one version, the first of them version 1.
      return changed(job, event.version, (it) => ({ ...it, accuracy: event.accuracy }));
    case "JobEnded":
      return { ...job, end: { outcome: event.outcome, reason: event.reason } };
    case "UpdateAdmitted":
    case "UpdateRefused":
    case "ClientDeclined":
      return changed(job, event.round, (it) => answered(it, event));
    case "RefusalsCounted":
      return changed(job, event.round, (it) => counted(it, event.counts));
    case "RoundClosed":
      return changed(job, event.round, (it) => ({ ...it, phase: "closed", absent: event.absent }));
    case "VersionCommitted":
      return changed(job, event.round, (it) => ({ ...it, phase: "committed" }));
    case "RoundAbandoned":
      return changed(job, event.round, (it) => ({ ...it, phase: "abandoned", abandonedFor: event.reason }));
    case "JobStarted":
    case "Equivocation":
    case "ChargeReserved":
    case "RoundDiagnosed":
    case "ClientQuarantined":
      return job;
  }
}

type EventOf<Type extends JobEvent["type"]> = Extract<JobEvent, { type: Type }>;

function opened(rounds: readonly RoundProgress[], event: EventOf<"RoundOpened">): RoundProgress[] {
  const { round, attempt, openedAtMs, cohort } = event;
  const earlier = rounds.find((it) => it.round === round);
  const fresh: RoundProgress = {
    round,
    attempt,
    phase: "open",
    openedAtMs,
    cohort,
    answers: new Map(),
    absent: [],
    refused: earlier?.refused ?? 0,
    refusalCodes: earlier?.refusalCodes ?? [],
    abandonedFor: undefined,
    accuracy: undefined,
  };
  return [...rounds.filter((it) => it !== earlier), fresh];
}

function changed(job: JobProgress, round: number, change: (it: RoundProgress) => RoundProgress): JobProgress {
  return { ...job, rounds: job.rounds.map((it) => (it.round === round ? change(it) : it)) };
}

function answered(
  it: RoundProgress,
  event: EventOf<"UpdateAdmitted"> | EventOf<"UpdateRefused"> | EventOf<"ClientDeclined">,
): RoundProgress {
  const { clientId } = event;
  if (event.type === "ClientDeclined") return withAnswer(it, clientId, { kind: "declined", reason: event.reason });
  const afterMs = event.receivedAtMs - it.openedAtMs;
  if (event.type === "UpdateAdmitted") return withAnswer(it, clientId, { kind: "admitted", afterMs });
  const refused = counted(it, { [event.code]: 1 });
  // An admitted update stands, whatever else its client sends.
  if (it.answers.get(clientId)?.kind === "admitted") return refused;
  return withAnswer(refused, clientId, { kind: "refused", afterMs, code: event.code });
}

function withAnswer(it: RoundProgress, clientId: ClientId, answer: Answer): RoundProgress {
  return { ...it, answers: new Map(it.answers).set(clientId, answer) };
}

function counted(it: RoundProgress, counts: Readonly<Record<string, number>>): RoundProgress {
  const refused = Object.values(counts).reduce((sum, count) => sum + count, it.refused);
  return { ...it, refused, refusalCodes: [...new Set([...it.refusalCodes, ...Object.keys(counts)])] };
}

/** How many updates of the round were admitted. */
export function numAdmitted({ answers }: RoundProgress): number {
  return [...answers.values()].filter((it) => it.kind === "admitted").length;
}

/** Answers that took over twice as long as the middle one, and long enough to be noticed; the slowest first. */
export function slowClients({ answers }: RoundProgress): { readonly clientId: ClientId; readonly afterMs: number }[] {
  const times = [...answers].flatMap(([clientId, it]) => ("afterMs" in it ? { clientId, afterMs: it.afterMs } : []));
  times.sort((a, b) => b.afterMs - a.afterMs);
  const middle = times[Math.floor(times.length / 2)]?.afterMs ?? 0;
  return times.filter((it) => it.afterMs > 2 * middle && it.afterMs > middle + NOTICEABLE_MS);
}

const NOTICEABLE_MS = 500;
