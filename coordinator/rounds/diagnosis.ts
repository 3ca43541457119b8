import { asClientId, type ClientId } from "../../core/ids.ts";
import type { Figure, Figures } from "../aggregation/diagnostics.ts";
import type { SealedPart } from "./events.ts";
import type { ClosedRound } from "./job-state.ts";
import { type Finding, findingsOf } from "./reputation.ts";

/** The figures of one round, client by client: the sealed part of a RoundDiagnosed. */
export interface Diagnosis {
  /** The round's cohort, by client id; figures have one entry for each, null where it gave no update. */
  readonly clients: readonly ClientId[];
  readonly figures: Figures;
}

/** Figures of the answers themselves, known without looking at an update. */
export const ANSWER_FIGURES = ["afterMs", "arrivalRank", "weight", "claimedExamples", "refusals"] as const;

/**
 * What is known of a closed round's cohort: how its members answered (`afterMs` after the opening, `arrivalRank` from 1
 * for the first, capped `weight`, `claimedExamples` where that was above the cap, `refusals` of this attempt) and, unless
 * privacy forbids looking, what the aggregation said of their updates.
 *
 * @param ofUpdates figures in the order of the round's rows
 */
export function diagnosisOf(closed: ClosedRound, ofUpdates: Figures): Diagnosis {
  const clients = [...closed.rows.map((row) => row.clientId), ...closed.absent].sort();
  const rows = new Map(closed.rows.map((row, i) => [row.clientId, i]));
  const spread = (figure: Figure): Figure => clients.map((id) => figure[rows.get(id) ?? -1] ?? null);
  const figures = Object.entries(ofUpdates).map(([name, figure]) => [name, spread(figure)] as const);
  return { clients, figures: { ...Object.fromEntries(figures), ...answerFigures(closed, clients) } };
}

/** What the figures hold against the clients of a round. @param ofUpdates figures in the order of the round's rows */
export function findingsByClient(
  { rows }: ClosedRound,
  ofUpdates: Figures,
  numByzantine: number,
): ReadonlyMap<ClientId, readonly Finding[]> {
  const findings = findingsOf(ofUpdates, numByzantine);
  return new Map(rows.map(({ clientId }, i) => [clientId, findings[i] ?? []]));
}

function answerFigures({ rows, answers, refused }: ClosedRound, clients: readonly ClientId[]): Figures {
  const byArrival = rows
    .map(({ clientId }) => ({ clientId, afterMs: answers.get(clientId)?.afterMs ?? 0 }))
    .sort((a, b) => a.afterMs - b.afterMs || (a.clientId < b.clientId ? -1 : 1));
  const ranks = new Map(byArrival.map(({ clientId }, i) => [clientId, i + 1]));
  const weights = new Map(rows.map(({ clientId, weight }) => [clientId, weight]));
  return {
    afterMs: clients.map((id) => answers.get(id)?.afterMs ?? null),
    arrivalRank: clients.map((id) => ranks.get(id) ?? null),
    weight: clients.map((id) => weights.get(id) ?? null),
    claimedExamples: clients.map((id) => answers.get(id)?.cappedFrom ?? null),
    refusals: clients.map((id) => refused.get(id)?.count ?? 0),
  };
}

export function sealDiagnosis({ clients, figures }: Diagnosis): SealedPart {
  return { ...figures, clients };
}

export function openDiagnosis(sealed: SealedPart): Diagnosis {
  const { clients, ...figures } = sealed;
  return { clients: (clients as readonly string[]).map(asClientId), figures: figures as Figures };
}
