import { FederationError } from "../../core/errors.ts";
import type { ClientId, Digest } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { Clients, JobSummary, ModelSummary } from "../parts.ts";
import type { Journal, StoredEvent } from "../storage/journal.ts";
import { openDiagnosis } from "./diagnosis.ts";
import { diagnosisOfRound } from "./events.ts";
import { type JobState, standingOf } from "./job-state.ts";
import type { Finding, Standing } from "./reputation.ts";

/** A job as an operator looks at it. Plain data: its JSON is what `holdfast jobs show --json` prints. */
export interface JobReport {
  readonly job: JobSummary;
  readonly planSha256: Digest;
  readonly plan: Plan;
  /** The newest ones, oldest first. */
  readonly versions: readonly {
    readonly version: number;
    readonly modelSha256: Digest;
    readonly accuracy: number | null;
  }[];
  /** The job's population, by name. */
  readonly clients: readonly ReportedClient[];
  /** Null before the first round has been closed. */
  readonly round: RoundReport | null;
}

interface ReportedClient extends Standing {
  readonly clientId: ClientId;
  readonly name: string;
  readonly quarantined: boolean;
  readonly revoked: boolean;
}

/** What was known of a round's cohort when the round was closed. */
export interface RoundReport {
  readonly round: number;
  readonly attempt: number;
  readonly remarks: readonly string[];
  /** By name. */
  readonly cohort: readonly {
    readonly clientId: ClientId;
    readonly name: string;
    /** What the round held against it. */
    readonly findings: readonly Finding[];
    /** By the names of docs/operations.md; null where the client has no such figure. */
    readonly figures: Readonly<Record<string, number | null>>;
  }[];
}

interface ReportParts {
  readonly journal: Pick<Journal, "find">;
  readonly clients: Pick<Clients, "find">;
}

const MOST_VERSIONS = 100;

/** @param round which one to show; by default the last one closed @throws ROUND_UNKNOWN */
export function jobReport(
  state: JobState,
  job: JobSummary,
  models: readonly ModelSummary[],
  round: number | undefined,
  parts: ReportParts,
): JobReport {
  const { jobId, plan, planSha256, population, version } = state;
  const stored = parts.journal.find(diagnosisOfRound(jobId, round ?? version));
  if (stored === undefined && round !== undefined)
    throw new FederationError("ROUND_UNKNOWN", `round ${round} of ${jobId}`);
  const versions = models
    .slice(-MOST_VERSIONS)
    .map(({ version: number, modelSha256, accuracy = null }) => ({ version: number, modelSha256, accuracy }));
  return {
    job,
    planSha256,
    plan,
    versions,
    clients: byName(population.map((clientId) => ({ ...reported(clientId, parts), ...standingOf(state, clientId) }))),
    round: stored === undefined ? null : roundReport(stored, parts),
  };
}

function roundReport({ event, sealed }: StoredEvent, parts: ReportParts): RoundReport | null {
  if (event.type !== "RoundDiagnosed" || sealed === undefined) return null;
  const { round, attempt, remarks, standings } = event;
  const { clients, figures } = openDiagnosis(sealed);
  const findings = new Map(standings.map((it) => [it.clientId, it.findings]));
  const cohort = clients.map((clientId, i) => ({
    clientId,
    name: nameOf(clientId, parts),
    findings: findings.get(clientId) ?? [],
    figures: Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, figure[i] ?? null])),
  }));
  return { round, attempt, remarks, cohort: byName(cohort) };
}

function reported(clientId: ClientId, parts: ReportParts) {
  const { quarantined = false, revoked = false } = parts.clients.find(clientId) ?? {};
  return { clientId, name: nameOf(clientId, parts), quarantined, revoked };
}

const nameOf = (clientId: ClientId, { clients }: ReportParts) => clients.find(clientId)?.name ?? clientId;

const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
