import type { ClientId } from "../../core/ids.ts";
import type { JobProgress, RoundProgress } from "./progress.ts";

/** Everything there is to show while the demo runs. */
export interface Board {
  readonly runs: readonly RunBoard[];
  readonly numRounds: number;
  readonly members: readonly Member[];
}

export interface RunBoard {
  readonly label: string;
  readonly stage: "waiting" | "running" | "done";
  readonly job: JobProgress;
  readonly seconds: number;
}

export interface Member {
  readonly clientId: ClientId;
  readonly name: string;
  readonly isAttacker: boolean;
}

/** Where a person sees the demo happen. */
export interface DemoView {
  /** A line that stays. */
  say(line: string): void;
  show(board: Board): void;
  close(): void;
}

/** Nothing more will happen in it: evaluated, or abandoned, or its job is over. */
export function isSettled(round: RoundProgress, job: JobProgress): boolean {
  return round.accuracy !== undefined || round.phase === "abandoned" || job.end !== undefined;
}

/** The accuracies of rounds 1, 2, ... as far as they are known. */
export function accuracies(job: JobProgress): (number | null)[] {
  return job.rounds.map((it) => it.accuracy ?? null);
}
