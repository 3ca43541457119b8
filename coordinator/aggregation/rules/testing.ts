import { seededRandom } from "../../../core/random/seeded.ts";
import { plainKernels } from "../../../core/vector/kernels/plain-kernels.ts";
import type {
  ColumnRule,
  Combination,
  CombiningRule,
  Geometry,
  NextMemory,
  PreAggregator,
  ReferenceName,
  RuleInput,
  SignCounts,
} from "../rule.ts";

/** A small round written down as plain vectors; everything is measured naively, in float64. */
export interface SmallRound {
  readonly updates: readonly (readonly number[])[];
  /** client-1, client-2, ... where nobody says otherwise. */
  readonly clientIds?: readonly string[];
  readonly weights?: readonly number[];
  readonly references?: Partial<Readonly<Record<ReferenceName, readonly number[]>>>;
  readonly memory?: RememberedVectors;
  readonly seed?: number;
}

/** Memory as the vectors that it stands for. */
export interface RememberedVectors {
  readonly vectors: Readonly<Record<string, readonly number[]>>;
  readonly numbers: Readonly<Record<string, readonly number[]>>;
}

export interface SmallOutcome extends Combination {
  readonly aggregate: readonly number[];
  readonly remembered: RememberedVectors;
}

/** What the rule makes of the round: the aggregate and the memory as vectors, beside the rule's own answer. */
export function outcomeOf(rule: CombiningRule, round: SmallRound): SmallOutcome {
  const rows = rowsOf(round);
  const combination = rule.combine(ruleInput(rule, round));
  return {
    ...combination,
    aggregate: weightedSum(rows, combination.coefficients),
    remembered: vectorsOf(rows, combination.memory),
  };
}

/** What a rule that works by column makes of the updates, by the plain kernels, in float32. */
export function columnsOf(
  rule: ColumnRule,
  updates: readonly (readonly number[])[],
  weights: readonly number[] = updates.map(() => 1),
): readonly number[] {
  const panel = plainKernels.panel({ numRows: updates.length, numBlocks: 1, numMixed: 0 });
  for (const [i, update] of updates.entries()) panel.row(i).set(update);
  const values = new Float32Array(updates[0]?.length ?? 0);
  panel.columns({ start: 0 }, updates.length, rule.column(updates.length, Float64Array.from(weights)), values);
  return [...values];
}

/** The rows that come out of a pre-aggregator. */
export function mixedBy(
  step: PreAggregator,
  updates: readonly (readonly number[])[],
  seed = 1,
): readonly (readonly number[])[] {
  const rows = rowsOf({ updates });
  const random = seededRandom(new Uint8Array(32).fill(seed));
  const { numOutputs, numRows, values } = step.mix(geometryOf(updates.length, rows), random);
  return Array.from({ length: numOutputs }, (_, i) =>
    weightedSum(rows, values.subarray(i * numRows, (i + 1) * numRows)),
  );
}

export function ruleInput({ needs }: Pick<CombiningRule, "needs">, round: SmallRound): RuleInput {
  const { updates, weights, references = {}, memory = { vectors: {}, numbers: {} }, seed = 1 } = round;
  const names = Object.keys(references) as ReferenceName[];
  const behind = updates.length + 1;
  const random = seededRandom(new Uint8Array(32).fill(seed));
  return {
    geometry: geometryOf(updates.length, rowsOf(round)),
    weights: Float64Array.from(updates, (_, i) => weights?.[i] ?? 1),
    clientIds: round.clientIds ?? updates.map((_, i) => `client-${i + 1}`),
    references: new Map(names.map((name, i) => [name, behind + i])),
    memory: {
      vectors: new Map(Object.keys(memory.vectors).map((name, i) => [name, behind + names.length + i])),
      numbers: memory.numbers,
    },
    signCounts: needs.signCounts ? signCountsOf(updates) : undefined,
    samples: Array.from({ length: needs.samples?.numSets ?? 0 }, () => Float32Array.from(updates.flat())),
    random,
  };
}

function rowsOf({ updates, references = {}, memory }: SmallRound): readonly (readonly number[])[] {
  const origin = (updates[0] ?? []).map(() => 0);
  return [origin, ...updates, ...Object.values(references), ...Object.values(memory?.vectors ?? {})];
}

function geometryOf(numUpdates: number, rows: readonly (readonly number[])[]): Geometry {
  const numRows = rows.length;
  const overPairs = (term: (a: number, b: number) => number) =>
    Float64Array.from({ length: numRows * numRows }, (_, at) => {
      const a = rows[Math.floor(at / numRows)] ?? [];
      const b = rows[at % numRows] ?? [];
      return a.reduce((sum, value, k) => sum + term(value, b[k] as number), 0);
    });
  return {
    numUpdates,
    numRows,
    squaredDistances: overPairs((a, b) => (a - b) ** 2),
    innerProducts: overPairs((a, b) => a * b),
  };
}

function signCountsOf(updates: readonly (readonly number[])[]): SignCounts {
  const count = (sign: number) =>
    Float64Array.from(updates, (row) => row.filter((value) => Math.sign(value) === sign).length);
  return { positive: count(1), zero: count(0), negative: count(-1) };
}

function vectorsOf(rows: readonly (readonly number[])[], memory: NextMemory | undefined): RememberedVectors {
  const entries = [...(memory?.vectors ?? [])].map(([name, it]) => [name, weightedSum(rows, it)] as const);
  return { vectors: Object.fromEntries(entries), numbers: memory?.numbers ?? {} };
}

function weightedSum(rows: readonly (readonly number[])[], coefficients: Float64Array): number[] {
  return (rows[0] ?? []).map((_, k) =>
    rows.reduce((sum, row, i) => sum + (coefficients[i] as number) * (row[k] as number), 0),
  );
}

/** All subsets of `count` of the rows 1..n, in lexicographic order. */
export function subsets(n: number, count: number, from = 1): number[][] {
  if (count === 0) return [[]];
  return Array.from({ length: n - count + 2 - from }, (_, i) => from + i).flatMap((row) =>
    subsets(n, count - 1, row + 1).map((rest) => [row, ...rest]),
  );
}
