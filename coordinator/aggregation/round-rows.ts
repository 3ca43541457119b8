import { clipRows } from "./clipping.ts";
import type { Rows } from "./engine/engine.ts";
import { measure, mixGeometry } from "./geometry.ts";
import { withReferences } from "./mixing.ts";
import type { AggregationInput } from "./pipeline.ts";
import type { Geometry, Mixing, Needs } from "./rule.ts";
import { type ReferenceRows, referenceRows } from "./rule-input.ts";

/** The rows of one aggregation, and what is measured of them: once, and only if anyone asks. */
export interface RoundRows {
  /** Clipped, where they are. */
  readonly updates: Rows;
  readonly references: ReferenceRows;
  /** Updates, and references behind them. */
  readonly all: Rows;
  /** The geometry of the updates as the mixing leaves them, and of the references. */
  geometryOf(mixing: Mixing | undefined): Promise<Geometry>;
}

/** What is read of the rows: by the rule, and of the geometry by anyone. */
export interface Reading {
  readonly needs: Needs;
  /** Of the rows themselves or to mix them. */
  readonly innerProducts: boolean;
  readonly betweenUpdates: boolean;
}

export async function roundRows(input: AggregationInput, { needs, ...read }: Reading): Promise<RoundRows> {
  const { engine, numCoordinates, clipNorm, distancePath, signal } = input;
  const given: Rows = { sources: input.rows, numCoordinates, signal };
  const updates = clipNorm === undefined ? given : await clipRows(engine, given, clipNorm);
  const references = referenceRows(needs, input.references, input.memory);
  const all = { ...updates, sources: [...updates.sources, ...references.sources] };
  const measuring = {
    ...read,
    path: distancePath,
    numUpdates: input.rows.length,
    // sums of rows that were clipped since are of other rows
    measured: clipNorm === undefined ? input.measured : undefined,
  };
  let geometry: Promise<Geometry> | undefined;
  return {
    updates,
    references,
    all,
    async geometryOf(mixing) {
      geometry ??= measure(engine, all, measuring);
      if (mixing === undefined) return geometry;
      const extended = withReferences(mixing, references.sources.length);
      return mixGeometry(engine, await geometry, extended, all, mixing.numOutputs);
    },
  };
}
