import type { CellResult } from "../job/result.ts";

/** The gravest first. */
const OUTCOMES = ["broken", "failed", "infeasible"] as const;

/** Seeds of one combination of which there is no model of the last round. */
export interface Shortfall {
  /** The gravest of what became of them: `broken`, the job ended early; `failed`, the lab's own thread did. */
  readonly outcome: (typeof OUTCOMES)[number];
  readonly seeds: number;
  readonly ofSeeds: number;
  /** Of the first of them. */
  readonly reason: string;
}

/** @returns undefined where every seed has all its rounds */
export function shortfallOf(results: readonly CellResult[]): Shortfall | undefined {
  for (const outcome of OUTCOMES) {
    const found = results.filter((it) => it.outcome === outcome);
    const [first] = found;
    if (first === undefined) continue;
    return { outcome, seeds: found.length, ofSeeds: results.length, reason: first.reason };
  }
  return undefined;
}

/** An order, no figure: below every accuracy, the gravest lowest. */
export const rankOf = ({ outcome }: Shortfall): number => OUTCOMES.indexOf(outcome) - OUTCOMES.length;

const MARKS = { broken: "broke", failed: "failed", infeasible: "–" } as const;

/** In a figure's place: `broke`, `broke 1/3`, `failed`, and a dash for what is infeasible. */
export function shortfallMark({ outcome, seeds, ofSeeds }: Shortfall): string {
  return seeds === ofSeeds ? MARKS[outcome] : `${MARKS[outcome]} ${seeds}/${ofSeeds}`;
}

/** `1 of 3 seeds broke: why`. What is infeasible says why and no more. */
export function shortfallText({ outcome, seeds, ofSeeds, reason }: Shortfall): string {
  if (outcome === "infeasible") return reason;
  return `${ofSeeds === 1 ? "" : `${seeds} of ${ofSeeds} seeds `}${MARKS[outcome]}: ${reason}`;
}
