import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aggregateOf, type Setup } from "../testing.ts";

/** How attackers answer honest updates, all with the same vector. */
type Attack = (honest: readonly Float32Array[], strength: number) => Float32Array;

function mean(rows: readonly Float32Array[]): Float64Array {
  return Float64Array.from(rows[0] ?? [], (_, k) => rows.reduce((sum, x) => sum + (x[k] as number), 0) / rows.length);
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (x, k) => (x - (b[k] as number)) ** 2).reduce((sum, term) => sum + term, 0);
}

const mirrored: Attack = (honest, strength) => Float32Array.from(mean(honest), (m) => -strength * m);
const mimicking: Attack = ([first]) => Float32Array.from(first ?? []);
const far: Attack = ([first]) => Float32Array.from(first ?? [], () => 1e6);
const absurdlyFar: Attack = ([first], strength) => Float32Array.from(first ?? [], () => strength * 1e29);
const withinTheSpread: Attack = (honest, strength) => {
  const centre = mean(honest);
  return Float32Array.from(centre, (m, k) => {
    const variance = honest.reduce((sum, x) => sum + ((x[k] as number) - m) ** 2, 0) / honest.length;
    return m - strength * Math.sqrt(variance);
  });
};

const vector = (d: number, limit: number) =>
  fc
    .array(fc.double({ min: -limit, max: limit, noNaN: true }), { minLength: d, maxLength: d })
    .map((values) => Float32Array.from(values));

const vectors = (count: number, d: number, limit: number) =>
  fc.array(vector(d, limit), { minLength: count, maxLength: count });

const together = (honest: readonly Float32Array[], f: number) =>
  fc
    .tuple(
      fc.constantFrom(mirrored, mimicking, far, absurdlyFar, withinTheSpread),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
    )
    .map(([attack, strength]) => Array.from({ length: f }, () => attack(honest, strength)));

/** f attackers, each for itself or all together, and more honest updates than that. */
const round = fc
  .record({
    f: fc.integer({ min: 0, max: 3 }),
    majority: fc.integer({ min: 1, max: 3 }),
    d: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ f, majority, d }) =>
    vectors(f + majority, d, 10).chain((honest) =>
      fc.oneof(vectors(f, d, 100), together(honest, f)).map((attackers) => ({ honest, attackers })),
    ),
  );

/** All choices of `count` of the rows. */
function choices(rows: readonly Float32Array[], count: number): Float32Array[][] {
  if (count === 0) return [[]];
  return rows.flatMap((row, i) => choices(rows.slice(i + 1), count - 1).map((rest) => [row, ...rest]));
}

/** (f, kappa)-robustness with the constants of Allouah et al. 2023, and what nearest-neighbour mixing makes of them. */
const KAPPAS: readonly (readonly [Setup, (n: number, f: number) => number])[] = [
  [{ rule: "Median" }, ofMedian],
  [{ rule: "TrimmedMean" }, ofTrimmedMean],
  [{ rule: "Median", preAggregators: ["NNM"] }, (n, f) => mixed(ofMedian(n, f), n, f)],
  [{ rule: "TrimmedMean", preAggregators: ["NNM"] }, (n, f) => mixed(ofTrimmedMean(n, f), n, f)],
];

function ofMedian(n: number, f: number): number {
  return 4 * (1 + f / (n - 2 * f)) ** 2;
}

function ofTrimmedMean(n: number, f: number): number {
  return ((6 * f) / (n - 2 * f)) * (1 + f / (n - 2 * f));
}

function mixed(kappa: number, n: number, f: number): number {
  return ((8 * f) / (n - f)) * (kappa + 1);
}

describe.each(KAPPAS)("%j", (setup, kappaOf) => {
  test("||F - mean_S||^2 <= kappa mean_S ||x_i - mean_S||^2 for every S of n - f updates", async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ honest, attackers }) => {
        const rows = [...attackers, ...honest];
        const [n, f] = [rows.length, attackers.length];
        const { values } = await aggregateOf(rows, { ...setup, numByzantine: f });
        for (const chosen of choices(rows, n - f)) {
          const centre = mean(chosen);
          const spread = chosen.reduce((sum, x) => sum + squaredDistance(x, centre), 0) / chosen.length;
          const rounding = 1e-40 + 1e-6 * Math.max(...chosen.map((x) => Math.hypot(...x)));
          const distance = Math.sqrt(squaredDistance(values, centre));
          expect(distance).toBeLessThanOrEqual(Math.sqrt(kappaOf(n, f) * spread) + rounding);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe.each(["Median", "TrimmedMean"])("%s", (rule) => {
  test("f attackers cannot move a coordinate out of the honest range", async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ honest, attackers }) => {
        const { values } = await aggregateOf([...attackers, ...honest], { rule, numByzantine: attackers.length });
        for (const [k, result] of values.entries()) {
          const column = honest.map((x) => x[k] as number);
          expect(result).toBeGreaterThanOrEqual(Math.min(...column));
          expect(result).toBeLessThanOrEqual(Math.max(...column));
        }
      }),
    );
  });

  test("the order of the updates changes no bit", async () => {
    await fc.assert(
      fc.asyncProperty(round, fc.nat(), async ({ honest, attackers }, turn) => {
        const rows = [...attackers, ...honest];
        const turned = rows.map((_, i) => rows[(i + turn) % rows.length] as Float32Array);
        const setup = { rule, numByzantine: attackers.length };
        const bits = async (input: Float32Array[]) => Buffer.from((await aggregateOf(input, setup)).values.buffer);
        expect((await bits(rows)).equals(await bits(turned))).toBe(true);
      }),
    );
  });
});

describe.each([
  { rule: "TrimmedMean" },
  { rule: "Median", preAggregators: ["NNM"] },
  { rule: { name: "MultiKrum", neighbours: "n-f-1", select: "n-f" } },
] satisfies Setup[])("%j", (setup: Setup) => {
  test("f = 0 gives the mean", async () => {
    await fc.assert(
      fc.asyncProperty(round, async ({ honest }) => {
        const { values } = await aggregateOf(honest, setup);
        for (const [k, m] of mean(honest).entries()) expect(Math.abs((values[k] as number) - m)).toBeLessThan(1e-5);
      }),
    );
  });
});
