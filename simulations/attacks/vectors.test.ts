import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { seededRandom } from "../../core/random/seeded.ts";
import { aLittleIsEnough, shiftedMean, undetectableZ, whyNoOp } from "./a-little-is-enough.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { innerProductManipulation } from "./inner-product-manipulation.ts";
import { lineSearch } from "./line-search.ts";
import { farthestAlong, mimic, principalDirection } from "./mimic.ts";
import { farthestByMaximum, minMax } from "./min-max.ts";
import { farthestBySum, minSum } from "./min-sum.ts";
import { dot, meanOf, squaredDistance, stdDevOf } from "./moments.ts";
import { nonFinite } from "./non-finite.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { optimalAlie } from "./optimal-alie.ts";
import { optimalIpm } from "./optimal-ipm.ts";
import { signFlipping } from "./sign-flipping.ts";
import { insider, rowsOf, sentBy, taskOf, trainerOf } from "./testing.ts";

const chance = seededRandom(new Uint8Array(32));

/** Up to eight rows of one length, values of a delta's size. */
const manyRows = fc
  .tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 5 }))
  .chain(([n, d]) =>
    fc.array(fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: d, maxLength: d }), {
      minLength: n,
      maxLength: n,
    }),
  )
  .map((rows) => rowsOf(...rows));

describe("mean and deviation", () => {
  test("worked by hand: 1, 2, 3 have mean 2 and deviation 1; a single row has none", () => {
    const mean = meanOf(rowsOf([1], [2], [3]));
    expect([...mean, ...stdDevOf(rowsOf([1], [2], [3]), mean)]).toEqual([2, 1]);
    expect([...stdDevOf(rowsOf([5, -1]), Float64Array.of(5, -1))]).toEqual([0, 0]);
  });
});

describe("SignFlipping", () => {
  test("worked by hand: (1, -2, 0) times -4; what else is sent stays honest", async () => {
    const attacker = signFlipping({ scale: 4, from: "own" }).trainer?.(trainerOf([1, -2, 0]), insider());
    const update = await attacker?.train(taskOf());
    expect([...(update?.delta ?? [])]).toEqual([-4, 8, -0]);
    expect(update).toMatchObject({ numExamples: 7, metrics: { loss: 0.5 } });
  });

  test("of the honest mean (2, 0, 3)", async () => {
    expect(await sentBy(signFlipping({ scale: 1, from: "honest" }))).toEqual([-2, -0, -3]);
  });

  test("closing the attacker closes the trainer under it", async () => {
    const honest = trainerOf([1]);
    await signFlipping({ scale: 1, from: "own" }).trainer?.(honest, insider()).close();
    expect(honest.closed()).toBe(true);
  });
});

describe("InnerProductManipulation", () => {
  test("minus tau times the mean, of the honest or of what the colluders bring", async () => {
    expect(await sentBy(innerProductManipulation({ tau: 2, from: "honest" }))).toEqual([-4, -0, -6]);
    expect(await sentBy(innerProductManipulation({ tau: 2, from: "colluders" }))).toEqual([-18, -18, -18]);
  });

  test("colluders craft once per attempt, and anew for the next", async () => {
    const honest = vi.fn(async () => rowsOf([1, 1, 1]));
    const attack = innerProductManipulation({ tau: 1, from: "honest" });
    const first = attack.trainer?.(trainerOf([1]), insider({ honest }));
    const second = attack.trainer?.(trainerOf([1]), insider({ honest, place: 1 }));
    const deltas = [await first?.train(taskOf()), await second?.train(taskOf())].map((it) => it?.delta);
    expect(deltas[0]).toBe(deltas[1]);
    const next = await first?.train(taskOf({ round: 2 }));
    expect(next?.delta).not.toBe(deltas[0]);
  });
});

describe("ALittleIsEnough", () => {
  test("worked by hand: rows 1, 2, 3 have mean 2 and deviation 1, so z = 1.5 sends 0.5", () => {
    expect([...shiftedMean(rowsOf([1], [2], [3]), 1.5)]).toEqual([0.5]);
  });

  test("all colluders send the same row, made of what the coalition shares", async () => {
    const exchange = async () => rowsOf([1, 0, 1], [3, 0, 1]);
    const delta = await sentBy(aLittleIsEnough({ z: 1, from: "colluders" }), insider({ exchange }));
    expect(delta[0]).toBeCloseTo(2 - Math.SQRT2, 6);
    expect([delta[1], delta[2]]).toEqual([0, 1]);
  });

  test("every colluder comes to the meeting, also when the row is made already", async () => {
    const exchange = vi.fn(async () => rowsOf([1], [2]));
    const attack = aLittleIsEnough({ z: 1, from: "colluders" });
    for (const place of [0, 1]) await attack.trainer?.(trainerOf([1]), insider({ exchange, place })).train(taskOf());
    expect(exchange).toHaveBeenCalledTimes(2);
  });

  test("z is not above 0 for one attacker, nor for 2 of 8; that is said", () => {
    expect(undetectableZ(8, 2)).toBe(0);
    expect(undetectableZ(10, 1)).toBeLessThan(0);
    expect(whyNoOp(undetectableZ(8, 2), 2)).toContain("not above 0");
    expect(whyNoOp(1.5, 1)).toContain("one colluder alone");
    expect(whyNoOp(1.5, 3)).toBeUndefined();
  });

  test("one row has no deviation: the row itself", () => {
    expect([...shiftedMean(rowsOf([5, -1]), 3)]).toEqual([5, -1]);
  });
});

describe("the normal quantile", () => {
  /** Of any table, to the digits shown. */
  test.each([
    [0.5, 0],
    [0.75, 0.6744897501960817],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-10, -6.361340902404056],
    [1e-300, -37.0471],
  ])("Phi^-1(%d) = %d", (p, x) => {
    expect(normalQuantile(p)).toBeCloseTo(x, p < 1e-200 ? 4 : 12);
  });

  test("odd about 1/2, rising, and defined on [0, 1] only", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 0.5, noNaN: true }), (p) => {
        expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 6);
        expect(normalQuantile(p * 0.999)).toBeLessThan(normalQuantile(p));
      }),
    );
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
    expect([-0.1, 1.1, Number.NaN].map(normalQuantile)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

describe("GaussianNoise", () => {
  const schema = [{ name: "w", shape: [20_000] }];

  // a variance taken for a standard deviation shows at 0.5 and 3, not at 1
  test.each([0.5, 1, 3])("mean 2 and standard deviation %d", async (stdDev) => {
    const delta = await sentBy(gaussianNoise({ mean: 2, stdDev }), insider(), taskOf({ schema }));
    const rows = delta.map((value) => Float32Array.of(value));
    const mean = meanOf(rows);
    const standardError = stdDev / Math.sqrt(delta.length);
    expect(Math.abs((mean[0] as number) - 2)).toBeLessThan(4 * standardError);
    expect(Math.abs((stdDevOf(rows, mean)[0] as number) - stdDev)).toBeLessThan(4 * standardError);
  });

  test("without training; the same when the round is run again, other noise for another attacker", async () => {
    const honest = { ...trainerOf([]), train: () => Promise.reject(new Error("trained")) };
    const draw = (seed: number) =>
      sentBy(
        gaussianNoise({ mean: 0, stdDev: 1 }),
        insider(),
        taskOf({ batchSeed: new Uint8Array(32).fill(seed) }),
        honest,
      );
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});

describe("NonFinite", () => {
  test.each([Number.NaN, Infinity, -Infinity])(
    "d values of %d in an update that is otherwise well formed",
    async (value) => {
      const honest = { ...trainerOf([]), train: () => Promise.reject(new Error("trained")) };
      const update = await nonFinite({ value }).trainer?.(honest, insider()).train(taskOf());
      expect([...(update?.delta ?? [])]).toEqual([value, value, value]);
      expect(update?.numExamples).toBe(8);
    },
  );

  test("under privacy no number of examples is told", async () => {
    const task = taskOf({}, { privacy: { mode: "central" } });
    expect((await nonFinite({ value: 1 }).trainer?.(trainerOf([]), insider()).train(task))?.numExamples).toBe(0);
  });
});

describe("Mimic", () => {
  test("copies the client at that place; of a round that coins left too small, the last", async () => {
    expect(await sentBy(mimic({ client: 0 }))).toEqual([1, 0, 2]);
    expect(await sentBy(mimic({ client: 1 }))).toEqual([3, 0, 4]);
    expect(await sentBy(mimic({ client: 2 }))).toEqual([3, 0, 4]);
  });

  test("copies whoever lies farthest along the direction in which clients differ", async () => {
    const rows = rowsOf([1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 9, 0]);
    expect(await sentBy(mimic({ client: "principal" }), insider({ honest: async () => rows }))).toEqual([0, 9, 0]);
    expect(farthestAlong(rows, Float64Array.of(1, 0, 0))).toBe(0);
    expect(farthestAlong(rowsOf([0, 4, 0], [0, 3, 0], [0, -9, 0]), Float64Array.of(0, 1, 0))).toBe(2);
  });

  test.each([
    { client: "principal", first: 2 },
    { client: 1, first: 1 },
  ] as const)("keeps to whom it chose first: $client", async ({ client, first }) => {
    const attack = mimic({ client });
    const rounds = [rowsOf([0, 1, 0], [0, -1, 0], [0, 9, 0]), rowsOf([0, 9, 0], [5, 0, 0], [0, 0, 1])];
    const trainers = [0, 1].map((place) =>
      attack.trainer?.(trainerOf([8]), insider({ place, honest: async ({ round }) => rounds[round - 1] ?? [] })),
    );
    for (const round of [1, 2]) {
      for (const trainer of trainers) {
        expect((await trainer?.train(taskOf({ round })))?.delta).toEqual(rounds[round - 1]?.[first]);
      }
    }
  });

  test("where rounds are sampled, knows whom it chose by name, and copies another only while that one is away", async () => {
    const rounds = [
      { names: ["a", "b", "c"], rows: rowsOf([0, 1, 0], [0, -1, 0], [0, 9, 0]) },
      { names: ["b", "c", "d"], rows: rowsOf([7, 0, 0], [1, 1, 1], [2, 0, 0]) },
      { names: ["a", "b", "d"], rows: rowsOf([1, 0, 0], [1, 0, 0], [9, 0, 0]) },
      { names: ["c", "d"], rows: rowsOf([3, 3, 3], [1, 0, 0]) },
    ];
    const of = ({ round }: { readonly round: number }) => rounds[round - 1] ?? { names: [], rows: [] };
    const known = insider({ honest: async (task) => of(task).rows, honestNames: (task) => of(task).names });
    const attack = mimic({ client: "principal" });
    const sent = [];
    for (const round of [1, 2, 3, 4]) sent.push(await sentBy(attack, known, taskOf({ round })));
    expect(sent).toEqual([
      [0, 9, 0],
      [1, 1, 1],
      [9, 0, 0],
      [3, 3, 3],
    ]);
  });

  test("the direction is the top eigenvector of what honest clients differ by, of length 1", () => {
    const rows = rowsOf([4, 3, 1], [-2, -3, 1], [1.5, -0.5, 2], [0.5, 0.5, 0]);
    const direction = principalDirection(rows, chance);
    expect(Math.abs(dot(direction, [Math.SQRT1_2, Math.SQRT1_2, 0]))).toBeCloseTo(1, 12);
  });

  test("clients that are all alike have no such direction, and are copied", async () => {
    const honest = async () => rowsOf([1, 2, 3], [1, 2, 3]);
    expect(await sentBy(mimic({ client: "principal" }), insider({ honest }))).toEqual([1, 2, 3]);
  });
});

describe("MinMax and MinSum", () => {
  const perturbations = ["unit", "sign", "std"] as const;
  const farthest = (rows: readonly Float32Array[], row: Float32Array) =>
    Math.max(...rows.map((it) => squaredDistance(it, row)));
  const sum = (rows: readonly Float32Array[], row: Float32Array) =>
    rows.reduce((total, it) => total + squaredDistance(it, row), 0);
  const worst = (of: typeof farthest, rows: readonly Float32Array[]) => Math.max(...rows.map((row) => of(rows, row)));

  test("worked by hand: of 0 and 2 the mean is 1 and the distance 2, so -1 + ... ends at 0 and at 0", () => {
    // MinMax: |1 - g - 2| <= 2 lets g = 1; MinSum: 2 g^2 + 2 <= 4 lets g = 1.
    expect([...farthestByMaximum(rowsOf([0], [2]), "unit")]).toEqual([0]);
    expect([...farthestBySum(rowsOf([0], [2]), "unit")]).toEqual([0]);
  });

  test.each(perturbations)("%s: within the bound, and with hardly any more gamma beyond it", (perturbation) => {
    fc.assert(
      fc.property(manyRows, (rows) => {
        const mean = meanOf(rows);
        for (const [craft, measure] of [
          [farthestByMaximum, farthest],
          [farthestBySum, sum],
        ] as const) {
          const row = craft(rows, perturbation);
          const bound = worst(measure, rows);
          const scale = 1e-4 * Math.max(1e-3, bound);
          expect(measure(rows, row)).toBeLessThanOrEqual(bound + scale);
          const further = row.map((value, k) => (mean[k] as number) + 1.01 * (value - (mean[k] as number)));
          if (squaredDistance(row, mean) > 1e-2) expect(measure(rows, further)).toBeGreaterThan(bound - scale);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("nothing to go along, nowhere to go: rows that are all zero or all alike", async () => {
    const honest = async () => rowsOf([1, 2, 3], [1, 2, 3]);
    expect(await sentBy(minMax({ perturbation: "std", from: "honest" }), insider({ honest }))).toEqual([1, 2, 3]);
    expect(await sentBy(minSum({ perturbation: "unit", from: "honest" }), insider({ honest }))).toEqual([1, 2, 3]);
    expect([...farthestByMaximum(rowsOf([0, 0]), "unit")]).toEqual([0, 0]);
  });
});

describe("optimal attacks", () => {
  /** Takes the mean of what lies within 5 of the origin. */
  const known = insider({
    aggregate: async (_, deltas) => {
      const near = deltas.filter((row) => dot(row, row) <= 25);
      return near.length === 0 ? undefined : Float32Array.from(meanOf(near));
    },
  });

  test.each(["byzfl", "grid"] as const)("search %s does more harm than the plain attacks", async (search) => {
    const mean = meanOf(await known.honest(taskOf()));
    const harm = async (delta: readonly number[]) => {
      const row = Float32Array.from(delta);
      const result = await known.aggregate(taskOf(), [...(await known.honest(taskOf())), row, row]);
      return squaredDistance(result ?? mean, mean);
    };
    const ipm = await harm(await sentBy(optimalIpm({ search }), known));
    const alie = await harm(await sentBy(optimalAlie({ search }), known));
    expect(ipm).toBeGreaterThan(await harm(await sentBy(innerProductManipulation({ tau: 2, from: "honest" }), known)));
    expect(ipm).toBeGreaterThan(5);
    expect(alie).toBeGreaterThan(0);
  });

  test("the local search doubles its steps while they improve, then draws them in by a fifth", async () => {
    const tried: number[] = [];
    await lineSearch("byzfl", async (x) => {
      tried.push(x);
      return -Math.abs(x - 71);
    });
    expect(tried).toHaveLength(20);
    expect(tried.slice(0, 6)).toEqual([0, 10, 30, 70, 150, 134]);
  });

  test("where the pipeline would not hold, a factor is no harm", async () => {
    const broken = insider({ aggregate: async () => undefined });
    expect((await sentBy(optimalIpm({ search: "byzfl" }), broken)).map(Math.abs)).toEqual([0, 0, 0]);
  });

  test("the grid finds what lies behind a valley, and on the other side", async () => {
    // the mean of the honest is 2; only a row at or beyond -24 moves the pipeline, which no step of the local search meets
    const valley = insider({
      honest: async () => rowsOf([1], [3]),
      aggregate: async (_, deltas) => Float32Array.of(Math.abs((deltas.at(-1)?.[0] ?? 0) - 26) < 4 ? 50 : 2),
    });
    const schema = [{ name: "w", shape: [1] }];
    const [byzfl = 0] = await sentBy(optimalIpm({ search: "byzfl" }), valley, taskOf({ schema }), trainerOf([0]));
    const [grid = 0] = await sentBy(optimalIpm({ search: "grid" }), valley, taskOf({ schema }), trainerOf([0]));
    expect(Math.abs(byzfl)).toBe(0);
    expect(Math.abs(grid - 26)).toBeLessThan(4);
  });
});
