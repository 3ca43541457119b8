import type { Engine } from "../engine/engine.ts";
import type { Update, Updates } from "./updates.ts";

/** What is aggregated, and what is not, as at admission. */
export interface Screened {
  readonly kept: readonly Kept[];
  readonly dropped: readonly Dropped[];
}

export interface Kept extends Update {
  /** Its place among all updates given, from 0. */
  readonly index: number;
  readonly norm: number;
}

/** `row` counts all updates given, from 0. */
export interface Dropped {
  readonly row: number;
  readonly file: string;
  readonly reason: "NOT_FINITE";
}

/** Updates with a value that is not finite count as absent. Every update is read once. */
export async function screen(engine: Engine, { updates, numCoordinates }: Updates): Promise<Screened> {
  const sources = updates.map((update) => update.source);
  const norms = await engine.norms({ sources, numCoordinates, signal: undefined });
  const kept: Kept[] = [];
  const dropped: Dropped[] = [];
  for (const [index, update] of updates.entries()) {
    const norm = norms[index] as number;
    // squares of float32 cannot overflow their sum
    if (Number.isFinite(norm)) kept.push({ ...update, index, norm });
    else dropped.push({ row: index, file: update.file, reason: "NOT_FINITE" });
  }
  return { kept, dropped };
}
