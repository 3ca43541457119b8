import { describe, expect, test } from "vitest";
import { planSchema } from "../../core/plan.ts";
import { BLOCK_LENGTH, MAX_PAIRED_ROWS } from "../../core/vector/kernels/layout.ts";
import { type Engine, MAX_ROWS, type PairOptions, type RowSource, type Rows } from "./engine/engine.ts";
import { aggregate, checkFeasible, measuresOf, pipelineOf } from "./pipeline.ts";
import { nnm } from "./pre-aggregators/nnm.ts";
import {
  aggregateOf,
  chance,
  float32,
  geometryOf,
  inputOf,
  normalVectors,
  pipelineFor,
  testEngine,
} from "./testing.ts";

const settings = (aggregation: Record<string, unknown>) => planSchema.shape.aggregation.parse(aggregation);

describe("a pipeline from a plan", () => {
  test("keeps the order of its steps", () => {
    const { preAggregators, rule } = pipelineOf(
      settings({ preAggregators: [{ name: "NNM" }, { name: "NNM" }], rule: { name: "Krum" }, numByzantine: 1 }),
    );
    expect([...preAggregators, rule].map(({ name }) => name)).toEqual(["NNM", "NNM", "Krum"]);
  });

  test("weights by examples reach FedAvg alone", () => {
    const byExamples = { numByzantine: 1, weights: "numExamples" };
    expect(pipelineOf(settings({ ...byExamples, rule: { name: "FedAvg" } })).rule.name).toBe("FedAvg");
    expect(() => pipelineOf(settings({ ...byExamples, rule: { name: "Median" } }))).toThrow(/Median takes uniform/);
    const mixed = { ...byExamples, preAggregators: [{ name: "NNM" }], rule: { name: "FedAvg" } };
    expect(() => pipelineOf(settings(mixed))).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
  });

  test("a rule that remembers clients does not follow a step that merges them", () => {
    const remembering = { rule: { name: "FoolsGold" }, numByzantine: 1 };
    expect(pipelineOf(settings({ ...remembering, preAggregators: [{ name: "NNM" }] })).rule.name).toBe("FoolsGold");
    expect(() => pipelineOf(settings({ ...remembering, preAggregators: [{ name: "Bucketing" }] }))).toThrow(
      expect.objectContaining({
        code: "PLAN_INVALID",
        message: expect.stringMatching(/FoolsGold remembers every client.* Bucketing/),
      }),
    );
  });
});

describe("what a pipeline measures", () => {
  test.each([
    ["nothing", { rule: "FedAvg" }],
    ["nothing", { rule: "Median" }],
    ["distances", { rule: "Krum" }],
    ["distances", { rule: "Median", preAggregators: ["NNM"] }],
    ["distances", { rule: { name: "Bulyan" } }],
    ["geometry", { rule: "Krum", preAggregators: ["NNM"] }],
    ["geometry", { rule: "Median", preAggregators: ["NNM", "NNM"] }],
    ["geometry", { rule: { name: "Bulyan" }, preAggregators: ["NNM"] }],
    ["geometry", { rule: "FoolsGold" }],
  ] as const)("%s: %j", (expected, setup) => {
    expect(measuresOf(pipelineFor(setup))).toBe(expected);
  });
});

describe("pipelines that read nothing between two updates", () => {
  const UPDATES = normalVectors(9, 2 * BLOCK_LENGTH + 100, 5);
  const references = { rootUpdate: UPDATES[0] as Float32Array, previousAggregate: UPDATES[1] as Float32Array };

  test.each([
    { rule: "CGE" },
    { rule: { name: "CenteredClipping", tau: 30 } },
    { rule: "FLTrust" },
    { rule: "NormClippedWeightedMean" },
    { rule: "SignGuard" },
    { rule: { name: "DnC", iterations: 2, size: 50 } },
    { rule: "TrimmedMean", preAggregators: ["ARC"] },
    { rule: "FLTrust", preAggregators: [{ name: "NormClipping", clipNorm: 100 }, "ARC"] },
    { rule: "FedAvg", preAggregators: [{ name: "NormClipping", clipNorm: 100 }] },
  ] as const)("%j measures norms and references alone, and ends in the same bits as from all pairs", async (given) => {
    const { engine, passes } = watchedPairs();
    const setup = { ...given, numByzantine: 2, references, engine };
    const values = (await aggregateOf(UPDATES, setup)).values;
    expect(passes).toEqual([{ firstRow: UPDATES.length, allNorms: true }]);
    expect((await aggregateOf(UPDATES, { ...setup, observe: true })).values).toEqual(values);
    expect(passes[1]).toMatchObject({ firstRow: 0 });
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test.each([
    { rule: "Krum" },
    { rule: { name: "CenteredClipping", tau: 30, iterations: 2 } },
    { rule: "TrimmedMean", preAggregators: ["ARC", "NNM"] },
    { rule: "CGE", preAggregators: ["NNM"] },
    { rule: "Krum", preAggregators: ["ARC"] },
  ] as const)("%j is none of them", async (given) => {
    const { engine, passes } = watchedPairs();
    await aggregateOf(UPDATES, { ...given, numByzantine: 2, references, engine });
    expect(passes).toEqual([{ firstRow: 0, allNorms: false }]);
  });

  function watchedPairs() {
    const passes: Pick<PairOptions, "firstRow" | "allNorms">[] = [];
    const pairs = (rows: Rows, options: PairOptions) => {
      passes.push({ firstRow: options.firstRow ?? 0, allNorms: options.allNorms ?? false });
      return testEngine.pairs(rows, options);
    };
    const get = (engine: Engine, name: keyof Engine) => (name === "pairs" ? pairs : engine[name].bind(engine));
    return { engine: new Proxy(testEngine, { get }), passes };
  }
});

describe("feasibility", () => {
  test.each([
    [{ rule: "FedAvg", numByzantine: 3 }, 1],
    [{ rule: "Median", numByzantine: 3 }, 7],
    [{ rule: "TrimmedMean", numByzantine: 3 }, 7],
    [{ rule: "Krum", numByzantine: 3 }, 9],
    [{ rule: { name: "Krum", neighbours: "n-f-1" }, numByzantine: 3 }, 7],
    [{ rule: { name: "Krum", select: 8 }, numByzantine: 3 }, 11],
    [{ rule: "MultiKrum", numByzantine: 3 }, 9],
    [{ rule: { name: "MultiKrum", select: 8 }, numByzantine: 3 }, 11],
    [{ rule: { name: "MultiKrum", neighbours: "n-f-1", select: "n-f-2" }, numByzantine: 1 }, 4],
    [{ rule: "FedAvg", preAggregators: ["NNM"], numByzantine: 3 }, 7],
  ] as const)("%j needs %i updates and is refused with one less", (setup, least) => {
    const pipeline = pipelineFor(setup);
    expect(checkFeasible(pipeline, least)).toBeUndefined();
    expect(checkFeasible(pipeline, least + 1)).toBeUndefined();
    expect(checkFeasible(pipeline, least - 1)).toMatchObject({ refused: "INFEASIBLE_RULE" });
  });

  test("whatever compares updates in pairs takes no more than have room for it, whatever its pre-aggregators leave", () => {
    const many = MAX_PAIRED_ROWS + 1;
    for (const setup of [{ rule: "Krum" }, { rule: "Bulyan" }, { rule: "FedAvg", preAggregators: ["Bucketing"] }]) {
      expect(checkFeasible(pipelineFor(setup), MAX_PAIRED_ROWS)).toBeUndefined();
      expect(checkFeasible(pipelineFor(setup), many)).toMatchObject({ refused: "PANEL_TOO_LARGE" });
    }
    for (const rule of ["FedAvg", "Median", "WeightedTrimmedMean"]) {
      expect(checkFeasible(pipelineFor({ rule }), many)).toBeUndefined();
      expect(checkFeasible(pipelineFor({ rule }), MAX_ROWS)).toBeUndefined();
      expect(checkFeasible(pipelineFor({ rule }), MAX_ROWS + 1)).toMatchObject({ refused: "PANEL_TOO_LARGE" });
    }
  });

  test("rules that read no pairs take more, and are observed without them; who reads pairs afterwards has room for them", async () => {
    const vectors = Array.from({ length: 4_200 }, (_, i) => Float32Array.of(i, 1));
    for (const rule of ["FedAvg", "TrimmedMean"]) {
      const { values, observations } = await aggregateOf(vectors, { rule, numByzantine: 1_000, observe: true });
      expect([...values]).toEqual([4_199 / 2, 1]);
      expect(observations?.norms[3]).toBeCloseTo(Math.sqrt(10), 12);
      expect(observations?.geometry).toBeUndefined();
    }
    expect([...(await aggregateOf(vectors.slice(0, 3), { rule: "Krum" })).values]).toEqual([0, 1]);
  });

  test("rows beyond it are refused before there is a matrix, references counted", async () => {
    const sources = new Array<RowSource>(100_000).fill({ kind: "zero" });
    const rows = { sources, numCoordinates: 1, signal: undefined };
    const attempt = testEngine.pairs(rows, { path: "fast", innerProducts: false });
    await expect(attempt).rejects.toMatchObject({ code: "PANEL_TOO_LARGE" });
  });

  test("the rule is checked for what its pre-aggregators leave", () => {
    const [halving] = pipelineFor({ rule: "Median", preAggregators: ["NNM"], numByzantine: 1 }).preAggregators;
    if (halving === undefined) throw new Error("no pre-aggregator");
    const preAggregators = [{ ...halving, numOutputs: (n: number) => n >> 1 }];
    const pipeline = { ...pipelineFor({ rule: "Median", numByzantine: 1 }), preAggregators };
    expect(checkFeasible(pipeline, 6)).toBeUndefined();
    expect(checkFeasible(pipeline, 5)?.detail).toBe(
      "Median needs at least 3 updates (n >= 2f + 1, f = 1); it would get 2",
    );
  });
});

describe("feasibility once weights are known", () => {
  const weighted = { rule: "WeightedTrimmedMean", numByzantine: 1 };
  const vectors = float32([1], [2], [3], [4], [5]);

  test("one client of half the weight is too much for a rule that trims it away", async () => {
    expect(checkFeasible(pipelineFor(weighted), 5)).toBeUndefined();
    const heavy = Float64Array.of(1, 1, 1, 1, 4);
    expect(checkFeasible(pipelineFor(weighted), 5, heavy)).toMatchObject({ refused: "INFEASIBLE_RULE" });
    await expect(aggregateOf(vectors, { ...weighted, weights: [...heavy] })).rejects.toMatchObject({
      code: "INFEASIBLE_RULE",
    });
    expect((await aggregateOf(vectors, { ...weighted, weights: [1, 1, 1, 1, 1] })).values[0]).toBe(3);
  });

  test("weights do not reach mixed rows, nor rules that take none", async () => {
    const weights = [1, 1, 1, 1, 40];
    for (const setup of [
      { ...weighted, preAggregators: ["NNM"] },
      { rule: "Median", numByzantine: 1 },
    ]) {
      const { values } = await aggregateOf(vectors, { ...setup, weights });
      expect(values).toEqual((await aggregateOf(vectors, setup)).values);
    }
  });
});

describe("attackers of enormous norm", () => {
  const honest = normalVectors(7, 60, 1).map((x) => x.map((value, k) => (k === 0 ? 3 : value / 10)));

  test.each([1e17, 1e19, 1e25, 1e30])("%f: clipped, they are never Krum's choice", async (norm) => {
    for (let seed = 0; seed < 8; seed++) {
      const attackers = normalVectors(2, 60, 100 + seed).map((x) => x.map((v) => (v / Math.hypot(...x)) * norm));
      for (const preAggregators of [[{ name: "NormClipping", clipNorm: 4 }], ["ARC"]]) {
        const setup = { rule: "Krum", numByzantine: 2, preAggregators };
        const { coefficients = new Float64Array() } = await aggregateOf([...attackers, ...honest], setup);
        expect(coefficients.findIndex((coefficient) => coefficient !== 0)).toBeGreaterThan(1);
      }
    }
  });

  test("updates that are all the same stay what they are, through any mixing", async () => {
    const same = Array.from({ length: 7 }, () => Float32Array.of(0.1, -1e-20, 7e9, 0));
    for (const preAggregators of [["NNM"], ["ARC", "NNM"], [{ name: "NormClipping", clipNorm: 1e12 }], ["Bucketing"]]) {
      const { values } = await aggregateOf(same, { rule: "Krum", numByzantine: 0, preAggregators });
      expect(values).toEqual(same[0]);
    }
  });
});

describe("the smallest rounds", () => {
  test.each(["FedAvg", "Median", "TrimmedMean", "GeometricMedian"])("%s of one update is that update", async (rule) => {
    for (const vector of float32([7], [0], [1, -2, 3e38])) {
      expect((await aggregateOf([vector], { rule })).values).toEqual(vector);
    }
  });

  test("updates without a single coordinate have an aggregate without one", async () => {
    for (const rule of ["FedAvg", "Median", "Krum"]) {
      expect((await aggregateOf(float32([], [], []), { rule, observe: true })).values).toHaveLength(0);
    }
  });
});

describe("an aggregation", () => {
  const SETUPS = [
    { rule: "FedAvg" },
    { rule: "Median", numByzantine: 2 },
    { rule: "TrimmedMean", numByzantine: 2 },
    { rule: "Krum", numByzantine: 2 },
    { rule: "MultiKrum", numByzantine: 2 },
    { rule: "TrimmedMean", preAggregators: ["NNM", "NNM"], numByzantine: 2 },
    { rule: "MultiKrum", preAggregators: ["NNM"], numByzantine: 2 },
  ] as const;

  test.each(SETUPS)("%j is coordinate by coordinate the same whatever the number of blocks", async (setup) => {
    const short = normalVectors(7, 50, 4);
    // the same coordinates at the very end of a long vector of zeros keep every distance
    const start = 2 * BLOCK_LENGTH + 7;
    const long = short.map((x) => {
      const padded = new Float32Array(start + x.length);
      padded.set(x, start);
      return padded;
    });
    const { values } = await aggregateOf(short, { ...setup, distancePath: "exact" });
    const inBlocks = await aggregateOf(long, { ...setup, distancePath: "exact" });
    expect(inBlocks.values.slice(0, start).every((value) => value === 0)).toBe(true);
    for (const [i, value] of values.entries()) expect(inBlocks.values[start + i]).toBeCloseTo(value, 6);
  });

  test.each(SETUPS)("%j gives the same bits for the same input, and leaves it as it is", async (setup) => {
    const vectors = normalVectors(7, BLOCK_LENGTH + 3, 5);
    const before = vectors.map((x) => Buffer.from(x.slice().buffer));
    const first = await aggregateOf(vectors, setup);
    const second = await aggregateOf(vectors, setup);
    expect(Buffer.from(first.values.buffer).equals(Buffer.from(second.values.buffer))).toBe(true);
    expect(vectors.every((x, i) => Buffer.from(x.slice().buffer).equals(before[i] as Buffer))).toBe(true);
  });

  test("coefficients say how much of each update is in the result", async () => {
    const vectors = float32([0], [1], [2], [100]);
    const setup = { rule: { name: "MultiKrum", neighbours: "n-f-1", select: 2 }, numByzantine: 1 };
    expect((await aggregateOf(vectors, setup)).coefficients).toEqual(Float64Array.of(0.5, 0.5, 0, 0));
    const mixed = await aggregateOf(vectors, { rule: "FedAvg", preAggregators: ["NNM"], numByzantine: 1 });
    const sum = mixed.coefficients?.reduce((total, coefficient) => total + coefficient, 0);
    expect(sum).toBeCloseTo(1, 12);
    expect((await aggregateOf(vectors, { rule: "Median" })).coefficients).toBeUndefined();
  });

  test("two pre-aggregators are applied from left to right", async () => {
    const vectors = normalVectors(6, 20, 6);
    const setup = { rule: "Median", preAggregators: ["NNM"], numByzantine: 2 };
    const { values: mixing, numRows } = nnm(setup).mix(await geometryOf(vectors), chance);
    const mixed = vectors.map((_, i) => {
      const sums = vectors.map((x, j) => x.map((value) => value * (mixing[i * numRows + j + 1] as number)));
      return sums.reduce((sum, x) => sum.map((value, k) => value + (x[k] as number)));
    });
    const oneByOne = await aggregateOf(mixed, setup);
    const together = await aggregateOf(vectors, { ...setup, preAggregators: ["NNM", "NNM"] });
    for (const [i, value] of oneByOne.values.entries()) expect(together.values[i]).toBeCloseTo(value, 5);
  });

  test("clips before anything else", async () => {
    const { values } = await aggregateOf(float32([300, 400], [0, 0.5]), { rule: "FedAvg", clipNorm: 2.5 });
    expect([...values]).toEqual([0.75, 1.25]);
  });

  test("reads the rows once to measure them, and once more those that it takes", async () => {
    const vectors = normalVectors(5, 2 * BLOCK_LENGTH + 9, 7);
    const passes: RowSource[][] = [];
    const engine = new Proxy(testEngine, {
      get(target, name: keyof Engine) {
        if (name === "combine") return target.combine;
        return (rows: Rows, ...rest: unknown[]) => {
          passes.push([...rows.sources]);
          return (target[name] as (...given: unknown[]) => unknown).call(target, rows, ...rest);
        };
      },
    });
    const setup = { rule: "Krum", numByzantine: 1, engine };
    const { coefficients } = await aggregateOf(vectors, setup);
    expect(passes).toHaveLength(2);
    expect(coefficients?.filter((coefficient) => coefficient !== 0)).toHaveLength(1);
  });

  test("lets others run between blocks", async () => {
    let turns = 0;
    let next: NodeJS.Immediate | undefined;
    const turn = () => {
      turns++;
      next = setImmediate(turn);
    };
    turn();
    await aggregateOf(normalVectors(5, 6 * BLOCK_LENGTH, 8), { rule: "Krum", numByzantine: 1 });
    clearImmediate(next);
    expect(turns).toBeGreaterThan(6);
  });

  test("stops when it is told to", async () => {
    const vectors = normalVectors(5, 3 * BLOCK_LENGTH, 9);
    const stop = new AbortController();
    const running = aggregate({ ...inputOf(vectors, { rule: "Krum", numByzantine: 1 }), signal: stop.signal });
    stop.abort(new Error("shutting down"));
    await expect(running).rejects.toThrow("shutting down");
  });

  test.each(["FedAvg", "Median", "Krum"])("%s: a value that is not finite is an error, not a result", async (rule) => {
    const vectors = [...normalVectors(4, 10, 10), Float32Array.from({ length: 10 }, () => Number.NaN)];
    await expect(aggregateOf(vectors, { rule })).rejects.toMatchObject({ code: "NOT_FINITE" });
  });
});

test("near convergence, clipped rows name the winner that float64 names: mixing is never fed float32 distances", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const [common] = normalVectors(1, 5_000, seed) as [Float32Array];
    const apart = normalVectors(11, 5_000, seed + 100, 0, 2.5e-4);
    const vectors = apart.map((x, i) => x.map((value, k) => (1 + i / 11) * (value + (common[k] as number))));
    const setup = { rule: "Krum", preAggregators: [{ name: "NormClipping", clipNorm: 50 }], numByzantine: 2 };
    const chosen = await aggregateOf(vectors, setup);
    expect(chosen.coefficients).toEqual((await aggregateOf(vectors, { ...setup, distancePath: "exact" })).coefficients);
  }
});
