import type { ErrorCode } from "../../core/errors.ts";
import type { ReputationSettings } from "../../core/plan.ts";
import { type Figures, median } from "../aggregation/diagnostics.ts";

/** What a round may hold against a client (docs/operations.md says how to read it). */
export type Finding =
  /** It signed two different updates for one attempt. */
  | "equivocation"
  /** Its update could not be taken, by its own fault. */
  | "refusal"
  /** Its update is far longer than the median. */
  | "norm"
  /** It is among the f updates farthest from the others, and far beyond the median. */
  | "distance"
  /** A column rule kept it in far fewer coordinates than the average update. */
  | "trimmed"
  /** It points away from the aggregate. */
  | "opposed";

/** What is remembered of one client; without an entry its record is clean. */
export interface Standing {
  /** From 0 to 1; 1 is a clean record. */
  readonly reputation: number;
  /** Rounds that held something against it since its record was clean. */
  readonly suspectRounds: number;
}

export const CLEAN: Standing = { reputation: 1, suspectRounds: 0 };

/** Whether nothing is held against the client any more. */
export const isClean = ({ suspectRounds }: Standing): boolean => suspectRounds === 0;

/**
 * Proof counts fully; being far off counts half, and pointing away counts half. On unlike data an honest client that the
 * rule leaves out has ever more to learn and is far off for ever, by every measure of length; it must not be locked out
 * for that. It hardly ever points away from what the others agree on as well.
 */
const SEVERITY = { proof: 1, farOff: 0.5, pointingAway: 0.5 } as const;

const KINDS: Readonly<Record<Finding, keyof typeof SEVERITY>> = {
  equivocation: "proof",
  refusal: "proof",
  norm: "farOff",
  distance: "farOff",
  trimmed: "farOff",
  opposed: "pointingAway",
};

/** Times the median norm. */
const FAR_LONGER = 3;
/** Times the median Krum score, in which distances are squared. */
const FAR_BEYOND = 4;
/** Of the share of coordinates in which a column rule kept the average update. */
const FAR_FEWER = 0.7;
/** Values of a coordinate at most; a share of coordinates is a sum of many. */
const KEPT_BY_MEDIAN = 2 + 1e-6;
const POINTS_AWAY = -0.3;
/** A record this good is clean again. */
const NEARLY_CLEAN = 0.995;

/** Refusals of what the client signed itself and its own program never makes; being late is no fault. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  "NOT_FINITE",
  "NORM_TOO_LARGE",
  "NUM_EXAMPLES_INVALID",
  "PAYLOAD_LENGTH_MISMATCH",
  "PAYLOAD_DIGEST_MISMATCH",
  "SEQUENCE_REPLAYED",
]);

export const isFault = (code: ErrorCode): boolean => FAULTS.has(code);

/** What the figures of a round hold against each of its updates. */
export function findingsOf(figures: Figures, numByzantine: number): Finding[][] {
  const { norm = [], normRatio = [], krumScore = [], krumRank = [], trimmed = [], cosine = [] } = figures;
  const numUpdates = norm.length;
  const farScore = FAR_BEYOND * median(known(krumScore));
  const meanKept = 1 - mean(known(trimmed));
  // what mixed rows lost says little of the updates they were mixed from, and as little what a selection left out
  const isSpokenFor = figures["inDegree"] === undefined && figures["rule.picked"] === undefined;
  // nor does it say much whose the one value is, or the two, that a median keeps of a coordinate
  const mostTrimmed = isSpokenFor && meanKept * numUpdates > KEPT_BY_MEDIAN ? 1 - FAR_FEWER * meanKept : 1;
  const tests: readonly [Finding, (i: number) => boolean][] = [
    ["norm", (i) => exceeds(normRatio[i], FAR_LONGER)],
    ["distance", (i) => exceeds(krumRank[i], numUpdates - numByzantine) && exceeds(krumScore[i], farScore)],
    ["trimmed", (i) => numByzantine > 0 && exceeds(trimmed[i], mostTrimmed)],
    ["opposed", (i) => numByzantine > 0 && (cosine[i] ?? 0) < POINTS_AWAY],
  ];
  return norm.map((_, i) => tests.flatMap(([finding, holds]) => (holds(i) ? [finding] : [])));
}

/**
 * The record after one more round in which the client's update counted or was refused:
 * reputation <- decay * reputation + (1 - decay) * (1 - severity), severity at most 1. A clean round is a step back up.
 */
export function nextStanding(
  { reputation, suspectRounds }: Standing,
  findings: readonly Finding[],
  { decay }: Pick<ReputationSettings, "decay">,
): Standing {
  const kinds = new Set(findings.map((finding) => KINDS[finding]));
  const severity = Math.min(
    1,
    [...kinds].reduce((sum, kind) => sum + SEVERITY[kind], 0),
  );
  const next = decay * reputation + (1 - decay) * (1 - severity);
  if (findings.length > 0) return { reputation: next, suspectRounds: suspectRounds + 1 };
  return next >= NEARLY_CLEAN ? CLEAN : { reputation: next, suspectRounds };
}

/** Whether several rounds speak against the client so clearly that it should be left out. */
export function deservesQuarantine(standing: Standing, settings: ReputationSettings): boolean {
  const { mode, threshold, minRounds } = settings;
  return mode === "quarantine" && standing.reputation < threshold && standing.suspectRounds >= minRounds;
}

function exceeds(value: number | null | undefined, bound: number): boolean {
  return value !== null && value !== undefined && value > bound;
}

const known = (figure: readonly (number | null)[]): number[] => figure.filter((value) => value !== null);

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
