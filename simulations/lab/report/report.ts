import { canonicalJson } from "../../../core/crypto/canonical-json.ts";
import { sha256 } from "../../../core/crypto/sha256.ts";
import type { TransportName } from "../federation/wire.ts";
import { type CellResult, hasRun } from "../job/result.ts";
import type { Grid } from "../scenario/scenario.ts";
import type { DataFacts } from "./data-facts.ts";

export const REPORT_FORMAT = "holdfast lab report 1";

/** All that a run says: the content of report.json. */
export interface Report {
  readonly format: typeof REPORT_FORMAT;
  /** The scenario as it was read, defaults filled in. */
  readonly grid: Grid;
  /** As it was written. */
  readonly source: string;
  readonly versions: Versions;
  readonly data: DataFacts;
  /** Of the cells of the grid. */
  readonly results: readonly CellResult[];
  /** Of the cells that were added for the no-attack cost (lab/scenario/baselines.ts): the same defences told f = 0. */
  readonly baselines: readonly CellResult[];
  /** Of everything above but the time it took: with the same versions, a second run has the same. */
  readonly sha256: string;
}

export interface Versions {
  readonly holdfast: string;
  readonly node: string;
  readonly platform: string;
  /** What trained the models: bits are the same on one backend only. */
  readonly backend: string;
  /** What clients reached their coordinator by; `memory` in reports that do not say. */
  readonly transport?: TransportName;
}

export function reportOf(parts: Omit<Report, "format" | "sha256">): Report {
  return { format: REPORT_FORMAT, ...parts, sha256: reportDigest(parts) };
}

/**
 * SHA-256 of the canonical JSON of the grid, of what its data are, of what ran it, and of every cell's id, outcome, figures and
 * digests.
 */
export function reportDigest({
  grid,
  data,
  versions,
  results,
  baselines,
}: Pick<Report, "grid" | "data" | "versions" | "results" | "baselines">): string {
  const found = { findings: results.map(withoutTime), baselines: baselines.map(withoutTime) };
  return sha256(canonicalJson(JSON.parse(JSON.stringify({ grid, data, versions, ...found }))));
}

function withoutTime(result: CellResult): object {
  if (!hasRun(result)) return result;
  const { seconds: _, ...found } = result;
  return found;
}
