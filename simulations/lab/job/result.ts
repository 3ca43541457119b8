import { z } from "zod";
import type { Cell } from "../scenario/cell.ts";
import type { ClientMeasures, RoundMeasures } from "./measures.ts";
import type { Spending } from "./spending.ts";

/** What became of one cell. Plain data. */
export type CellResult = CellRun | CellNotRun;

interface OfCell {
  readonly id: string;
  readonly cell: Cell;
}

/**
 * `infeasible`: the defence cannot hold there, no honest epsilon is known for it, or the attack aims at what is not there, so
 * nothing was run.
 */
export interface CellNotRun extends OfCell {
  readonly outcome: "infeasible" | "failed";
  readonly reason: string;
}

export interface CellRun extends OfCell {
  /** `broken`: the job ended without all its rounds. */
  readonly outcome: "completed" | "broken";
  /** Why the job ended, as its journal says it. */
  readonly reason: string;
  readonly rounds: readonly RoundMeasures[];
  readonly clients: readonly ClientMeasures[];
  /** Of the last evaluated model, on the held-out set. */
  readonly accuracy: number | null;
  /** Of the last model: its least accuracy over the honest clients' own examples. */
  readonly worstClientAccuracy: number;
  readonly attackSuccess: number | null;
  /** With differential privacy. */
  readonly privacy?: Spending;
  readonly planSha256: string;
  /** Of the last model. */
  readonly modelSha256: string;
  /** SHA-256 of the digests of all versions in their order: two runs with this in common agreed in every round. */
  readonly versionsSha256: string;
  readonly seconds: Seconds;
}

/**
 * Wall-clock seconds. In one thread, what after the setup is neither training nor judging is the federation's own work; with
 * threads that train, all of these overlap.
 */
export interface Seconds {
  readonly total: number;
  /** Until all clients were connected and the job began. */
  readonly setup: number;
  /** In which at least one client trained. */
  readonly training: number;
  readonly judging: number;
}

export const hasRun = (result: CellResult): result is CellRun =>
  result.outcome === "completed" || result.outcome === "broken";

const notRun = z.looseObject({
  id: z.string(),
  cell: z.looseObject({}),
  outcome: z.enum(["infeasible", "failed"]),
  reason: z.string(),
});

/** As much of a result in a file as has to be there before anybody can work with it. */
export const resultOutline = z.union([
  notRun,
  notRun.extend({
    outcome: z.enum(["completed", "broken"]),
    rounds: z.array(z.looseObject({ round: z.int(), accuracy: z.number().nullable() })),
    clients: z.array(z.looseObject({ name: z.string(), figures: z.looseObject({}) })),
    accuracy: z.number().nullable(),
    attackSuccess: z.number().nullable(),
    modelSha256: z.string(),
    versionsSha256: z.string(),
    seconds: z.looseObject({ total: z.number(), training: z.number(), judging: z.number() }),
  }),
]);
