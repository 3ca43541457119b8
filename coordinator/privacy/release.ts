import { FederationError } from "../../core/errors.ts";
import { clipRows } from "../aggregation/clipping.ts";
import type { RowSource, Rows } from "../aggregation/engine/engine.ts";
import { type AggregationInput, aggregate } from "../aggregation/pipeline.ts";
import type { Rule } from "../aggregation/rule.ts";
import { centredCount, nextClipNorm, sumNoiseMultiplier, unclippedFraction } from "./mechanisms/adaptive-clipping.ts";
import { stepsPerUnit } from "./mechanisms/grid.ts";
import { noiseOfBlocks } from "./mechanisms/noise.ts";
import type { NoiseAhead } from "./mechanisms/noise-ahead.ts";
import { aggregateNoise, countNoise, type PrivateRound } from "./mechanisms/round-noise.ts";

export interface ReleaseInput {
  readonly round: PrivateRound;
  readonly aggregation: Unclipped;
  /** Prepared when the round opened, or not. */
  readonly noise: Pick<NoiseAhead, "take">;
  /** Makes the charge durable; resolves to the index of the noise stream that is bound to these rows. */
  charge(): Promise<number>;
}

/** The round's updates as they came; who was asked and did not answer is a zero row, or none. */
type Unclipped = Omit<AggregationInput, "clipNorm" | "observe" | "measured">;

export interface Released {
  /** d values. */
  readonly values: Float32Array;
  /** Where the clip norm adapts. */
  readonly nextClipNorm: number | undefined;
}

/**
 * The aggregate of a round as the world may see it: clip, aggregate, charge, add noise (docs/privacy.md). The charge is
 * durable before any noise is added, and the same rows get the same noise.
 *
 * @throws INTERNAL when there are more rows than the noise is scaled to; what aggregate() throws
 */
export async function release(input: ReleaseInput): Promise<Released> {
  const { round } = input;
  const aggregation = withFixedRows(round, input.aggregation);
  const unnoised = round.privacy.level === "production" ? gridSums : inFloat;
  const { values, scale } = await unnoised(round, aggregation);
  const noiseIndex = await input.charge();
  const noise = await input.noise.take(aggregateNoise(round, noiseIndex));
  const released = new Float32Array(values.length);
  for (let i = 0; i < released.length; i++) released[i] = ((values[i] as number) + (noise[i] as number)) * scale;
  return { values: released, nextClipNorm: await adaptedClipNorm(round, aggregation, noiseIndex) };
}

/** What is released is (values + noise) * scale. */
interface Unnoised {
  readonly values: Float32Array | Float64Array;
  readonly scale: number;
}

/** On the grid: exact sums in whole steps, divided after the noise. */
async function gridSums(round: PrivateRound, aggregation: Unclipped): Promise<Unnoised> {
  const { privacy, rule, clipNorm, cohortSize } = round;
  const steps = stepsPerUnit(clipNorm, sumNoiseMultiplier(privacy, cohortSize));
  const trim = trimOf(rule, cohortSize);
  const rows = await clippedRows(round, aggregation);
  const values = await aggregation.engine.gridSums(rows, { stepsPerUnit: steps, trim });
  return { values, scale: 1 / (steps * (cohortSize - 2 * trim)) };
}

/** Values that are left out of each sum at either end. */
function trimOf(rule: Rule, n: number): number {
  if (rule.kind === "average") return 0;
  const kernel = rule.kind === "column" ? rule.column(n, new Float64Array(n).fill(1)) : undefined;
  if (kernel?.kernel === "trimmedMean") return kernel.trim;
  throw new FederationError("INTERNAL", `${rule.name} is no sum on a grid`);
}

async function inFloat(round: PrivateRound, aggregation: Unclipped): Promise<Unnoised> {
  const { rule, clipNorm, cohortSize } = round;
  if (rule.kind !== "average") {
    const { values } = await aggregate({ ...aggregation, clipNorm, observe: "nothing" });
    return { values, scale: 1 };
  }
  const rows = await clippedRows(round, aggregation);
  const coefficients = new Float64Array(rows.sources.length).fill(1 / cohortSize);
  const [values] = await aggregation.engine.weightedSums(rows, [coefficients]);
  return { values: values as Float32Array, scale: 1 };
}

async function clippedRows({ clipNorm }: PrivateRound, aggregation: Unclipped): Promise<Rows> {
  return clipRows(aggregation.engine, rowsOf(aggregation), clipNorm);
}

/** A round without updates is summed up like any other. */
function rowsOf({ rows, numCoordinates, signal }: Unclipped): Rows {
  return { sources: rows.length === 0 ? [{ kind: "zero" }] : rows, numCoordinates, signal };
}

/** A sum over a public number is as sensitive however many come; any other rule gets a zero row for who did not. */
function withFixedRows({ rule, cohortSize }: PrivateRound, aggregation: Unclipped): Unclipped {
  const numMissing = cohortSize - aggregation.rows.length;
  if (rule.kind === "average" || numMissing === 0) return aggregation;
  if (!(numMissing > 0)) throw new FederationError("INTERNAL", `more than ${cohortSize} rows, which the noise is for`);
  const missing = Array.from({ length: numMissing }, (_, i) => `absent ${i}`);
  return {
    ...aggregation,
    rows: [...aggregation.rows, ...missing.map((): RowSource => ({ kind: "zero" }))],
    clientIds: [...aggregation.clientIds, ...missing],
    weights: new Float64Array(cohortSize).fill(1),
  };
}

async function adaptedClipNorm(
  round: PrivateRound,
  aggregation: Unclipped,
  noiseIndex: number,
): Promise<number | undefined> {
  const { adaptiveClipping } = round.privacy;
  if (adaptiveClipping === undefined) return undefined;
  const { clipNorm, cohortSize } = round;
  const came = aggregation.rows.filter(({ kind }) => kind !== "zero");
  const norms = await aggregation.engine.norms({ ...rowsOf(aggregation), sources: came });
  const { stepsPerOne, ...spec } = countNoise(round, noiseIndex);
  const [noise] = noiseOfBlocks(spec, 0, 1);
  const count = centredCount(norms, clipNorm) + (noise as number) / stepsPerOne;
  return nextClipNorm(adaptiveClipping, clipNorm, unclippedFraction(count, cohortSize));
}
