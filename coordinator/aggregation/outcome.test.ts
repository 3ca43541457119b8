import { describe, expect, test } from "vitest";
import { BLOCK_LENGTH } from "../../core/vector/kernels/layout.ts";
import type { Engine } from "./engine/engine.ts";
import { type Aggregate, aggregate, type Pipeline } from "./pipeline.ts";
import type { ColumnRule, CombiningRule, Geometry, Mixing, Needs, PreAggregator, RuleInput } from "./rule.ts";
import { float32, inputOf, normalVectors, rowsOf, type Setup, testEngine } from "./testing.ts";

const always = { feasible: () => true, requirement: "", sensitivity: () => 0, carriesCentralNoise: false };

/** A rule that takes the first update and shows what it was given. */
function showing(needs: Needs, given: RuleInput[], changes: Partial<CombiningRule> = {}): CombiningRule {
  return {
    kind: "combine",
    name: "Showing",
    ...always,
    weighted: false,
    needs,
    combine(input) {
      given.push(input);
      return { coefficients: oneHot(1, input.geometry) };
    },
    ...changes,
  };
}

/** It measures no pairs. */
const unpaired = new Proxy(testEngine, {
  get: (engine, name: keyof Engine) =>
    name === "pairs" ? () => Promise.reject(new Error("pairs were measured")) : engine[name].bind(engine),
});

function only(given: readonly RuleInput[]): RuleInput {
  const [input] = given;
  if (input === undefined) throw new Error("the rule was not asked");
  return input;
}

const oneHot = (row: number, { numRows }: Geometry) => Float64Array.from({ length: numRows }, (_, i) => +(i === row));

/** Row i of the output is factors[i] times row i, or where `merge` is set the mean of rows 2i and 2i + 1. */
function mixing(name: "Halving" | "Pairing"): PreAggregator {
  const sourcesOf = (i: number) => (name === "Halving" ? [i] : [2 * i, 2 * i + 1]);
  const numOutputs = (n: number) => (name === "Halving" ? n : n >> 1);
  return {
    name,
    feasible: () => true,
    requirement: "",
    needs: {},
    keepsClients: name === "Halving",
    numOutputs,
    mix({ numUpdates, numRows }): Mixing {
      const m = numOutputs(numUpdates);
      const values = new Float64Array(m * numRows);
      for (let i = 0; i < m; i++) for (const j of sourcesOf(i)) values[i * numRows + j + 1] = 0.5;
      return { numOutputs: m, numRows, values };
    },
  };
}

const run = (vectors: readonly Float32Array[], pipeline: Pipeline, setup: Partial<Setup> = {}) =>
  aggregate({ ...inputOf(vectors, { rule: "FedAvg", distancePath: "exact", ...setup }), pipeline });

const UPDATES = float32([2, 0], [0, 4], [6, 8], [1, 1]);
const ROOT = Float32Array.of(3, 0);
const BEFORE = Float32Array.of(0, 5);

async function vectorsOf({ memory }: Aggregate) {
  const vectors: (readonly [string, Float32Array])[] = [];
  for await (const vector of memory?.vectors() ?? []) vectors.push(vector);
  return vectors;
}

describe("rows behind the updates", () => {
  const needs: Needs = { references: ["rootUpdate", "previousAggregate"], memory: true, innerProducts: true };
  const setup = {
    references: { previousAggregate: BEFORE, rootUpdate: ROOT },
    memory: {
      vectors: new Map([
        ["z", Float32Array.of(7, 7)],
        ["a", Float32Array.of(-1, 0)],
      ]),
      numbers: { t: [3] },
    },
  };

  test("are references in the rule's order, then what it remembers by name", async () => {
    const given: RuleInput[] = [];
    await run(UPDATES, { preAggregators: [], rule: showing(needs, given) }, setup);
    const { geometry, references, memory, clientIds } = only(given);
    expect(clientIds).toEqual(["client-1", "client-2", "client-3", "client-4"]);
    expect([...references]).toEqual([
      ["rootUpdate", 5],
      ["previousAggregate", 6],
    ]);
    expect([...memory.vectors]).toEqual([
      ["a", 7],
      ["z", 8],
    ]);
    expect(memory.numbers).toEqual({ t: [3] });
    expect(geometry).toMatchObject({ numUpdates: 4, numRows: 9 });
    const at = (i: number, j: number) => i * 9 + j;
    expect(geometry.squaredDistances[at(1, 5)]).toBe(1);
    expect(geometry.innerProducts[at(3, 6)]).toBe(40);
    expect(geometry.squaredDistances[at(8, 7)]).toBe(64 + 49);
    expect(geometry.squaredDistances[at(0, 6)]).toBe(25);
  });

  test("pass by mixing unchanged", async () => {
    const given: RuleInput[] = [];
    await run(UPDATES, { preAggregators: [mixing("Halving"), mixing("Pairing")], rule: showing(needs, given) }, setup);
    const { geometry, references } = only(given);
    expect(references.get("rootUpdate")).toBe(3);
    expect(geometry).toMatchObject({ numUpdates: 2, numRows: 7 });
    // the first mixed row is ((2, 0) + (0, 4)) / 4
    expect(geometry.squaredDistances[1 * 7 + 3]).toBeCloseTo(2.5 ** 2 + 1, 12);
    expect(geometry.innerProducts[1 * 7 + 4]).toBeCloseTo(5, 12);
    expect(geometry.squaredDistances[3 * 7 + 4]).toBe(9 + 25);
  });

  test("before the first round the previous aggregate is the zero vector", async () => {
    const given: RuleInput[] = [];
    await run(UPDATES, { preAggregators: [], rule: showing(needs, given) });
    const { squaredDistances } = only(given).geometry;
    expect(squaredDistances[6]).toBe(0);
    expect(squaredDistances[3 * 7 + 6]).toBe(100);
  });

  test("an aggregate of references and updates, and memory as vectors of both", async () => {
    const rule = showing(needs, [], {
      combine: ({ geometry }) => ({
        coefficients: Float64Array.of(9, 2, 0, 0, 0, 10, 0, 0, 0),
        memory: {
          vectors: new Map([
            ["sum", Float64Array.of(0, 1, 1, 0, 0, 0, 0, 1, 0)],
            ["kept", oneHot(8, geometry)],
          ]),
          numbers: { t: [4] },
        },
        remarks: ["as told"],
      }),
    });
    const plain = await run(UPDATES, { preAggregators: [], rule }, setup);
    expect([...plain.values]).toEqual([34, 0]);
    expect(plain.coefficients).toEqual(Float64Array.of(2, 0, 0, 0));
    expect(await vectorsOf(plain)).toEqual([["sum", Float32Array.of(1, 4)]]);
    expect([...(plain.memory?.kept ?? [])]).toEqual([["kept", "z"]]);
    expect(plain).toMatchObject({ memory: { numbers: { t: [4] } }, remarks: ["as told"] });
    const halved = await run(UPDATES, { preAggregators: [mixing("Halving")], rule }, setup);
    expect([...halved.values]).toEqual([32, 0]);
    expect(await vectorsOf(halved)).toEqual([["sum", Float32Array.of(0, 2)]]);
  });
});

describe("what a rule is given beside the geometry", () => {
  test("only squared distances where nobody asks for more", async () => {
    const given: RuleInput[] = [];
    await run(UPDATES, { preAggregators: [], rule: showing({}, given) });
    const { innerProducts } = only(given).geometry;
    expect(innerProducts[1 * 5 + 2]).toBeNaN();
    expect(innerProducts[3 * 5 + 3]).toBe(100);
    expect(given[0]).toMatchObject({ samples: [], signCounts: undefined, memory: { numbers: {} } });
  });

  test("signs of the rows as they are mixed", async () => {
    const given: RuleInput[] = [];
    const vectors = float32([1, -1, 0], [-2, -3, 0], [5, 0, -0], [0, 0, 1]);
    await run(vectors, { preAggregators: [], rule: showing({ signCounts: true }, given) });
    await run(vectors, { preAggregators: [mixing("Pairing")], rule: showing({ signCounts: true }, given) });
    expect(given[0]?.signCounts).toEqual({
      positive: Float64Array.of(1, 0, 1, 1),
      zero: Float64Array.of(1, 1, 2, 2),
      negative: Float64Array.of(1, 2, 0, 0),
    });
    expect(given[1]?.signCounts).toEqual({
      positive: Float64Array.of(0, 2),
      zero: Float64Array.of(1, 1),
      negative: Float64Array.of(2, 0),
    });
  });

  test("samples of different coordinates, that the seed decides", async () => {
    const d = 2 * BLOCK_LENGTH + 3;
    const vectors = [1, 2].map((scale) => Float32Array.from({ length: d }, (_, k) => scale * k));
    const sampled = async (seed: number, preAggregators: readonly PreAggregator[] = []) => {
      const given: RuleInput[] = [];
      const rule = showing({ samples: { numSets: 3, size: 40 } }, given);
      await run(vectors, { preAggregators, rule }, { seed });
      return given[0]?.samples ?? [];
    };
    const sets = await sampled(1);
    expect(sets).toHaveLength(3);
    for (const set of sets) {
      const [first, second] = [set.subarray(0, 40), set.subarray(40)];
      expect(new Set(first).size).toBe(40);
      expect(second).toEqual(first.map((value) => 2 * value));
    }
    expect(await sampled(1)).toEqual(sets);
    expect(await sampled(2)).not.toEqual(sets);
    // (k + 2k) / 2
    const [ofPairs = new Float32Array()] = await sampled(1, [mixing("Pairing")]);
    expect(ofPairs).toHaveLength(40);
    expect(ofPairs.every((value) => value % 1.5 === 0)).toBe(true);
  });

  test("all coordinates where a sample would be larger", async () => {
    const given: RuleInput[] = [];
    await run(UPDATES, { preAggregators: [], rule: showing({ samples: { numSets: 1, size: 99 } }, given) });
    expect(given[0]?.samples).toEqual([Float32Array.of(2, 0, 0, 4, 6, 8, 1, 1)]);
  });

  test("a stream of chance of its own, whatever the steps before drew", async () => {
    const draws = async (drawn: number) => {
      const given: RuleInput[] = [];
      const step = mixing("Halving");
      const drawing: PreAggregator = {
        ...step,
        mix(geometry, random) {
          random.bytes(drawn);
          return step.mix(geometry, random);
        },
      };
      await run(UPDATES, { preAggregators: [drawing], rule: showing({}, given) });
      return given[0]?.random.uniform();
    };
    expect(await draws(0)).toBe(await draws(1_000));
  });
});

describe("a column rule that selects rows", () => {
  const selecting: ColumnRule = {
    kind: "column",
    name: "Selecting",
    ...always,
    weighted: true,
    selectRows: ({ numUpdates, squaredDistances }) =>
      Array.from({ length: numUpdates }, (_, i) => i + 1).filter((row) => (squaredDistances[row] as number) < 50),
    column: (n, weights) => {
      expect(weights).toHaveLength(n);
      return { kernel: "trimmedMean", trim: 1 };
    },
  };

  test("works on those; the others are left out whole, and compared with what comes out all the same", async () => {
    const { values, observations } = await run(UPDATES, { preAggregators: [], rule: selecting }, { observe: true });
    expect([...values]).toEqual([1, 1]);
    // of (2, 0), (0, 4) and (1, 1) the least and the largest of either coordinate go
    expect(observations?.outsideFraction).toEqual(Float64Array.of(1, 1, 1, 0));
    expect(observations?.perUpdate).toEqual({ picked: Float64Array.of(1, 1, 0, 1) });
    expect(observations?.innerProductsWithAggregate).toEqual(Float64Array.of(2, 4, 14, 2));
    expect(observations?.norms).toEqual(Float64Array.of(2, 4, 10, Math.sqrt(2)));
  });

  test("reads the others only where somebody observes", async () => {
    const missing = { kind: "file", path: "/nowhere", offset: 0, sizeBytes: 8 } as const;
    const rows = rowsOf(UPDATES).sources.map((source, i) => (i === 2 ? missing : source));
    const measured = await testEngine.pairs(rowsOf(UPDATES), { path: "fast", innerProducts: false });
    const input = { ...inputOf(UPDATES, { rule: "Median" }), rows, measured };
    const pipeline = { preAggregators: [], rule: selecting };
    expect([...(await aggregate({ ...input, pipeline })).values]).toEqual([1, 1]);
    await expect(aggregate({ ...input, pipeline, observe: "columns" })).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
  });

  test("of mixed rows too", async () => {
    const result = await run(UPDATES, { preAggregators: [mixing("Halving")], rule: selecting });
    // (1, 0), (0, 2), (3, 4), (.5, .5): all are short enough now
    expect([...result.values]).toEqual([0.75, 1.25]);
  });
});

describe("observations", () => {
  test("norms, inner products with the aggregate and its norm, to work out cosines", async () => {
    for (const rule of ["FedAvg", "Median", "Krum"]) {
      const { values, observations } = await aggregate(inputOf(UPDATES, { rule, observe: true }));
      expect(observations?.norms).toEqual(Float64Array.of(2, 4, 10, Math.sqrt(2)));
      expect(observations?.aggregateNorm).toBeCloseTo(Math.hypot(...values), 12);
      expect([...(observations?.innerProductsWithAggregate ?? [])]).toEqual(
        UPDATES.map(([x = 0, y = 0]) => x * (values[0] as number) + y * (values[1] as number)),
      );
      expect(observations?.geometry?.squaredDistances[1 * 5 + 2]).toBe(20);
    }
  });

  test("of rules that work by coordinates alone, where nothing else is asked for, in their own pass", async () => {
    const observed = async (rule: string) =>
      (await aggregate({ ...inputOf(UPDATES, { rule }), engine: unpaired, observe: "columns" })).observations;
    expect(await observed("Median")).toMatchObject({
      geometry: undefined,
      norms: Float64Array.of(2, 4, 10, Math.sqrt(2)),
    });
    expect(await observed("FedAvg")).toBeUndefined();
  });

  test("what scaled each update, and all mixing in one", async () => {
    const observed = async (preAggregators: readonly PreAggregator[]) => {
      const rule = showing({}, [], { name: "Seen" });
      return (await run(UPDATES, { preAggregators, rule }, { observe: true })).observations;
    };
    const both = await observed([mixing("Halving"), mixing("Pairing")]);
    expect(both?.clipFactors).toEqual(new Float64Array(4).fill(0.5));
    expect(both?.mixing?.values).toEqual(Float64Array.of(0, 0.25, 0.25, 0, 0, 0, 0, 0, 0.25, 0.25));
    expect((await observed([mixing("Pairing")]))?.clipFactors).toBeUndefined();
    expect((await observed([]))?.mixing).toBeUndefined();
  });

  test("the share of coordinates that a column rule left out", async () => {
    const vectors = normalVectors(9, BLOCK_LENGTH + 100, 3);
    const { observations } = await aggregate(inputOf(vectors, { rule: "TrimmedMean", numByzantine: 2, observe: true }));
    const outside = observations?.outsideFraction ?? new Float64Array();
    for (const fraction of outside) expect(Math.abs(fraction - 4 / 9)).toBeLessThan(0.02);
    expect(outside.reduce((sum, fraction) => sum + fraction)).toBeCloseTo(4, 12);
  });

  test("none where nobody asks", async () => {
    expect((await aggregate(inputOf(UPDATES, { rule: "Krum" }))).observations).toBeUndefined();
  });
});
