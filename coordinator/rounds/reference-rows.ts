import { FederationError } from "../../core/errors.ts";
import type { RowSource } from "../aggregation/engine/engine.ts";
import { needsOf, type Pipeline } from "../aggregation/pipeline.ts";
import type { ReferenceName } from "../aggregation/rule.ts";
import type { NamedBlob } from "./events.ts";
import type { JobState } from "./job-state.ts";
import { type StoredBlobs, storedRow, type VectorKeeper } from "./stored-rows.ts";

interface ReferenceParts extends StoredBlobs {
  readonly pipeline: Pipeline;
  rootUpdate(): Promise<Float32Array | undefined>;
}

/** The vectors beside the updates that the rule looks at. */
export function referencesOf({ rule }: Pipeline): readonly ReferenceName[] {
  return needsOf(rule).references ?? [];
}

/** Before the first round the previous aggregate is the zero vector. */
export async function referenceRows(state: JobState, parts: ReferenceParts, keeper: VectorKeeper) {
  const rows = new Map<ReferenceName, RowSource>();
  const stored: NamedBlob[] = [];
  const needed = referencesOf(parts.pipeline);
  const { releasedDeltaSha256: previous } = state;
  if (needed.includes("previousAggregate")) {
    rows.set("previousAggregate", previous === undefined ? { kind: "zero" } : await storedRow(previous, parts));
    if (previous !== undefined) stored.push({ name: "previousAggregate", sha256: previous });
  }
  if (needed.includes("rootUpdate")) {
    const values = await parts.rootUpdate();
    if (values === undefined) throw new FederationError("PLAN_INVALID", "the rule needs aggregation.rootDataset");
    rows.set("rootUpdate", { kind: "memory", values });
    stored.push({ name: "rootUpdate", sha256: await keeper.keep(values) });
  }
  return { rows, stored };
}
