import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NamedSettings } from "../../../core/plan.ts";
import { preAggregatorOf, ruleOf } from "../registry.ts";
import { symmetricEigen } from "./eigen.ts";
import { columnsOf, mixedBy, outcomeOf } from "./testing.ts";

/** Of values that float32 holds. */
type Vector = readonly number[];
/** How attackers answer honest updates: the vector of attacker i. */
type Attack = (honest: readonly Vector[], strength: number, i: number) => Vector;

function mean(rows: readonly Vector[]): Vector {
  return (rows[0] ?? []).map((_, k) => rows.reduce((sum, x) => sum + (x[k] as number), 0) / rows.length);
}

function squaredDistance(a: Vector, b: Vector): number {
  return a.reduce((sum, x, k) => sum + (x - (b[k] as number)) ** 2, 0);
}

function stdDev(rows: readonly Vector[], centre: Vector, k: number): number {
  const variance = rows.reduce((sum, x) => sum + ((x[k] as number) - (centre[k] as number)) ** 2, 0) / rows.length;
  return Math.sqrt(variance);
}

/** The honest mean moved along the axes by so many standard deviations. */
const shifted = (honest: readonly Vector[], by: number): Vector => {
  const centre = mean(honest);
  return centre.map((m, k) => m + by * stdDev(honest, centre, k));
};

const ATTACKS: readonly Attack[] = [
  // inner-product manipulation, weak and strong
  (honest, strength) => mean(honest).map((m) => -strength * m),
  // a little is enough
  (honest, strength) => shifted(honest, -strength),
  // mimic: all copy one
  ([first = []]) => first,
  // far, and so far that squares are near the end of float64
  ([first = []]) => first.map(() => 1e6),
  ([first = []], strength) => first.map(() => strength * 1e29),
  // collinear: strung out along the line through the first honest update and the mean
  (honest, strength, i) => mean(honest).map((m, k) => m + (i + 1) * strength * ((honest[0]?.[k] as number) - m)),
  // on opposite sides, so that their own mean looks harmless
  (honest, strength, i) => shifted(honest, (i % 2 === 0 ? 1 : -1) * strength),
  // colluding: one and the same vector just outside the honest
  (honest, strength) => shifted(honest, 1 + 1e-3 * strength),
];

const vector = (d: number, limit: number) =>
  fc
    .array(fc.double({ min: -limit, max: limit, noNaN: true }), { minLength: d, maxLength: d })
    .map((values) => values.map(Math.fround));

const vectors = (count: number, d: number, limit: number) =>
  fc.array(vector(d, limit), { minLength: count, maxLength: count });

/** Honest updates: anywhere, all close to one point far from the origin, or in two groups. */
const honestUpdates = (count: number, d: number) =>
  fc.oneof(
    vectors(count, d, 10),
    fc.tuple(vector(d, 1000), vectors(count, d, 0.01)).map(([at, rows]) => rows.map((row) => plus(row, at))),
    fc
      .tuple(vector(d, 10), vectors(count, d, 0.1))
      .map(([at, rows]) => rows.map((row, i) => (i % 2 === 0 ? row : plus(row, at)))),
  );

function plus(a: Vector, b: Vector): Vector {
  return a.map((x, k) => Math.fround(x + (b[k] as number)));
}

const organized = (honest: readonly Vector[], f: number) =>
  fc
    .tuple(
      fc.constantFrom(...ATTACKS),
      fc.oneof(fc.constantFrom(0.1, 1, 1.5, 2), fc.double({ min: 0.1, max: 10, noNaN: true })),
    )
    .map(([attack, strength]) => Array.from({ length: f }, (_, i) => attack(honest, strength, i).map(Math.fround)));

interface Round {
  readonly honest: readonly Vector[];
  readonly attackers: readonly Vector[];
}

/** f attackers, each for itself or organized, and more honest updates than that. */
const round: fc.Arbitrary<Round> = fc
  .record({
    f: fc.integer({ min: 0, max: 3 }),
    majority: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ f, majority, d }) =>
    honestUpdates(f + majority, d).chain((honest) =>
      fc
        .oneof({ weight: 1, arbitrary: vectors(f, d, 100) }, { weight: 3, arbitrary: organized(honest, f) })
        .map((attackers) => ({ honest, attackers })),
    ),
  );

const NUM_ADVERSARIES = 2_000;
const ADVERSARIES: readonly Round[] = fc.sample(round, { numRuns: NUM_ADVERSARIES, seed: 1 });

/** A choice of n - f updates who might be the honest ones. */
interface Choice {
  readonly centre: Vector;
  /** mean_S ||x_i - mean_S||^2 */
  readonly spread: number;
  /** Top eigenvalue of the covariance of S. */
  readonly topVariance: number;
  readonly diameter: number;
  readonly greatestNorm: number;
}

const CHOICES: readonly (readonly Choice[])[] = ADVERSARIES.map(({ honest, attackers }) =>
  choices([...attackers, ...honest], honest.length).map(choiceOf),
);

function choices(rows: readonly Vector[], count: number): Vector[][] {
  if (count === 0) return [[]];
  return rows.flatMap((row, i) => choices(rows.slice(i + 1), count - 1).map((rest) => [row, ...rest]));
}

function choiceOf(rows: readonly Vector[]): Choice {
  const centre = mean(rows);
  const centred = rows.map((row) => row.map((x, k) => x - (centre[k] as number)));
  const d = centre.length;
  const covariance = Float64Array.from({ length: d * d }, (_, at) => {
    const [k, l] = [Math.floor(at / d), at % d];
    return centred.reduce((total, x) => total + (x[k] as number) * (x[l] as number), 0) / rows.length;
  });
  const squares = rows.flatMap((a) => rows.map((b) => squaredDistance(a, b)));
  return {
    centre,
    spread: rows.reduce((total, x) => total + squaredDistance(x, centre), 0) / rows.length,
    topVariance: Math.max(0, symmetricEigen(covariance, d).values[0] as number),
    diameter: Math.sqrt(Math.max(...squares)),
    greatestNorm: Math.max(...rows.map((x) => Math.hypot(...x))),
  };
}

type OfRound = (n: number, f: number) => number;
type Steps = { readonly rule: NamedSettings; readonly preAggregators: readonly string[] };

/** What is proven of ||F - mean_S||, S being any choice. */
interface Guarantee {
  readonly steps: Steps;
  readonly bound: (choice: Choice, n: number, f: number) => number;
}

const steps = (rule: NamedSettings | string, ...preAggregators: readonly string[]): Steps => ({
  rule: typeof rule === "string" ? { name: rule } : rule,
  preAggregators,
});
const robust = (of: Steps, kappa: OfRound): Guarantee => ({
  steps: of,
  bound: ({ spread }, n, f) => Math.sqrt(kappa(n, f) * spread),
});
const spectral = (of: Steps, kappa: OfRound): Guarantee => ({
  steps: of,
  bound: ({ topVariance }, n, f) => Math.sqrt(kappa(n, f) * topVariance),
});
/** What smoothing adds: a mean of distances within nu/2 of the least one is off by nu/2 n/(n-2f) more. */
const smoothed = ({ steps: of, bound }: Guarantee): Guarantee => ({
  steps: of,
  bound: (choice, n, f) => bound(choice, n, f) + (1e-6 * n) / (n - 2 * f),
});

/** Allouah et al. 2023, "Fixing by mixing", table 1. */
const ofMedian: OfRound = (n, f) => 4 * (1 + f / (n - 2 * f)) ** 2;
const ofTrimmedMean: OfRound = (n, f) => ((6 * f) / (n - 2 * f)) * (1 + f / (n - 2 * f));
const ofKrum: OfRound = (n, f) => 6 * (1 + f / (n - 2 * f));
/** Allouah et al. 2023, "On the privacy-robustness-utility trilemma". */
const ofSmea: OfRound = (n, f) => ((4 * f) / (n - f)) * (1 + f / (n - 2 * f)) ** 2;
/** What nearest-neighbour mixing makes of a kappa ("Fixing by mixing", lemma 1). */
const mixed =
  (kappa: OfRound): OfRound =>
  (n, f) =>
    ((8 * f) / (n - f)) * (kappa(n, f) + 1);
/** What ARC makes of a kappa (Allouah et al. 2024). */
const clipped =
  (kappa: OfRound): OfRound =>
  (n, f) =>
    kappa(n, f) + (2 * f) / (n - 2 * f);

const GUARANTEES: readonly Guarantee[] = [
  robust(steps("Median"), ofMedian),
  robust(steps("TrimmedMean"), ofTrimmedMean),
  smoothed(robust(steps("GeometricMedian"), ofMedian)),
  robust(steps({ name: "Krum", neighbours: "n-f-1" }), ofKrum),
  robust(steps("Median", "NNM"), mixed(ofMedian)),
  robust(steps("TrimmedMean", "NNM"), mixed(ofTrimmedMean)),
  smoothed(robust(steps("GeometricMedian", "NNM"), mixed(ofMedian))),
  robust(steps("Median", "ARC"), clipped(ofMedian)),
  robust(steps("TrimmedMean", "ARC"), clipped(ofTrimmedMean)),
  robust(steps("TrimmedMean", "ARC", "NNM"), clipped(mixed(ofTrimmedMean))),
  spectral(steps("SMEA"), ofSmea),
  spectral(steps("CAF"), ofSmea),
  { steps: steps("MDA"), bound: ({ diameter }, n, f) => ((2 * f) / (n - f)) * diameter },
];

function aggregateOf({ rule, preAggregators }: Steps, updates: readonly Vector[], f: number): Vector {
  const left = preAggregators.reduce((rows, name) => mixedBy(preAggregatorOf({ name }, f), rows), updates);
  const built = ruleOf(rule, f);
  if (built.kind === "average") throw new Error(`${built.name} guarantees nothing`);
  return built.kind === "column" ? columnsOf(built, left) : outcomeOf(built, { updates: left }).aggregate;
}

/** Rounding of the values, as a part of the greatest norm in the choice; and what is too small for float32. */
const ROUNDING = 1e-6;
const LEAST = 1e-40;

describe.each(GUARANTEES)("$steps.preAggregators $steps.rule.name", ({ steps: of, bound }) => {
  test(`keeps its bound for every choice of n - f updates against ${NUM_ADVERSARIES} adversaries`, () => {
    for (const [at, { honest, attackers }] of ADVERSARIES.entries()) {
      const rows = [...attackers, ...honest];
      const [n, f] = [rows.length, attackers.length];
      const values = aggregateOf(of, rows, f);
      const broken = CHOICES[at]?.find((choice) => {
        const slack = LEAST + ROUNDING * choice.greatestNorm;
        return !(Math.sqrt(squaredDistance(values, choice.centre)) <= bound(choice, n, f) + slack);
      });
      if (broken !== undefined) expect({ rows, f, values, broken }).toBe("no choice that breaks the bound");
    }
  });
});

describe.each(["Median", "TrimmedMean", "WeightedMedian", "WeightedTrimmedMean"])("%s", (name) => {
  test("stays within the honest range in every coordinate, whatever attackers send", () => {
    for (const { honest, attackers } of ADVERSARIES) {
      const values = aggregateOf(steps(name), [...attackers, ...honest], attackers.length);
      for (const [k, value] of values.entries()) {
        const column = honest.map((x) => x[k] as number);
        expect(value).toBeGreaterThanOrEqual(Math.min(...column));
        expect(value).toBeLessThanOrEqual(Math.max(...column));
      }
    }
  });
});
