import type { DemoOptions } from "./options.ts";
import { type JobProgress, numAdmitted } from "./progress.ts";

/** What the demo found: the content of result.json. */
export interface DemoResult {
  readonly dataset: string;
  readonly clients: number;
  readonly attackers: number;
  readonly attack: string;
  readonly seed: number;
  readonly runs: readonly RunResult[];
}

export interface RunResult {
  readonly rule: string;
  /** Of the last evaluated model; null when no round was committed. */
  readonly finalAccuracy: number | null;
  readonly seconds: number;
  readonly rounds: readonly RoundResult[];
}

interface RoundResult {
  readonly round: number;
  readonly accuracy: number | null;
  readonly admitted: number;
  readonly refused: number;
  /** Privacy spent up to and including the round; null without differential privacy. */
  readonly epsilon: number | null;
}

export function runResult(rule: string, job: JobProgress, seconds: number): RunResult {
  const rounds = job.rounds.map((it) => ({
    round: it.round,
    accuracy: it.accuracy ?? null,
    admitted: numAdmitted(it),
    refused: it.refused,
    epsilon: null,
  }));
  const finalAccuracy = rounds.findLast((it) => it.accuracy !== null)?.accuracy ?? null;
  return { rule, finalAccuracy, seconds: Math.round(seconds * 10) / 10, rounds };
}

export function demoResult(options: DemoOptions, runs: readonly RunResult[]): DemoResult {
  return {
    dataset: "MNIST",
    clients: options.numClients,
    attackers: options.numAttackers,
    attack: options.attackName,
    seed: options.seed,
    runs,
  };
}
