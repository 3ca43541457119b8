import {
  aggregate,
  checkFeasible,
  distancePathOf,
  inlineEngine,
  pipelineOf,
  type RowSource,
} from "../../../coordinator/index.ts";
import type { ClientId } from "../../../core/ids.ts";
import type { Plan } from "../../../core/plan.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";
import { norm } from "../../../core/vector/norms.ts";
import type { RuleState } from "../job/job-view.ts";

/** What an adversary who knows the rule can compute: the coordinator's whole pipeline over any deltas. */
export type PipelineView = (
  deltas: readonly Row[],
  state: RuleState,
  rootUpdate: Float32Array,
) => Promise<Float32Array | undefined>;

export interface Row {
  readonly clientId: ClientId;
  readonly delta: Float32Array;
  /** What it counts for, where the plan weighs updates by examples; positive. */
  readonly weight: number;
}

export type Aggregation = Parameters<typeof pipelineOf>[0] & Pick<Plan["aggregation"], "maxExamples" | "maxNorm">;

/**
 * The pipeline of a plan as the next close of a round would run it, the clipping of central privacy included, but for what
 * nobody knows before: chance, which noise is too, and the update of the coordinator's own, which the adversary has to
 * guess. Undefined where it could not hold with what admission's bound on norms leaves.
 */
export function pipelineView(aggregation: Aggregation, privacy: Plan["privacy"] = { mode: "none" }): PipelineView {
  const fixedClipNorm = privacy.mode === "central" ? privacy.clipNorm : undefined;
  const pipeline = pipelineOf(aggregation);
  const engine = inlineEngine({ kernels: wasmKernels() });
  return async (deltas, { previousAggregate, memory, clipNorm = fixedClipNorm }, rootUpdate) => {
    const measured = deltas.map((row) => ({ ...row, norm: norm(row.delta) }));
    const rows = measured.filter((row) => row.norm <= aggregation.maxNorm);
    rows.sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
    const weights = Float64Array.from(rows, ({ weight }) => weight);
    if (rows.length === 0 || checkFeasible(pipeline, rows.length, weights) !== undefined) return undefined;
    const { values } = await aggregate({
      engine,
      pipeline,
      rows: rows.map(({ delta }) => inMemory(delta)),
      clientIds: rows.map(({ clientId }) => clientId),
      references: new Map([
        ["previousAggregate", previousAggregate === undefined ? { kind: "zero" } : inMemory(previousAggregate)],
        ["rootUpdate", inMemory(rootUpdate)],
      ]),
      memory,
      numCoordinates: rows[0]?.delta.length ?? 0,
      weights,
      distancePath: distancePathOf(
        pipeline,
        rows.map((row) => row.norm),
      ),
      seed: new Uint8Array(32),
      observe: "nothing",
      ...(clipNorm !== undefined && { clipNorm }),
    });
    return values;
  };
}

const inMemory = (values: Float32Array): RowSource => ({ kind: "memory", values });
