import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { BLOCK_LENGTH } from "../../core/vector/kernels/layout.ts";
import type { PairSums } from "../../core/vector/kernels/pairwise.ts";
import { norm } from "../../core/vector/norms.ts";
import { type ArrivalOptions, type Arrivals, type Arrived, arrivals } from "./arrivals.ts";
import type { Engine, PairOptions, RowSource, Rows } from "./engine/engine.ts";
import { workerEngine } from "./engine/worker-engine.ts";
import { aggregate, distancePathOf } from "./pipeline.ts";
import { aggregateOf, inputOf, normalVectors, pipelineFor, rowsOf, testEngine } from "./testing.ts";

const NUM_COORDINATES = BLOCK_LENGTH + 5;
const VECTORS = normalVectors(6, NUM_COORDINATES, 1);
const KEYS = VECTORS.map((_, i) => `update ${i}`);
const ROOMY: ArrivalOptions = {
  numCoordinates: NUM_COORDINATES,
  rowBudgetBytes: 1 << 30,
  measures: "geometry",
  distancePath: () => "exact",
};
const KRUM = pipelineFor({ rule: "Krum", numByzantine: 1 });
/** As for a rule that reads distances only. */
const DISTANCES: ArrivalOptions = {
  ...ROOMY,
  measures: "distances",
  distancePath: (norms) => distancePathOf(KRUM, norms),
};

const bitsOf = ({ squaredDistances, innerProducts }: PairSums) => [
  [...squaredDistances.entries()].filter(([at]) => at % 6 >= Math.floor(at / 6)),
  [...innerProducts.entries()].filter(([at]) => at % 6 >= Math.floor(at / 6)),
];

const vectorOf = (key: string) => VECTORS[KEYS.indexOf(key)] as Float32Array;
const normOf = (key: string) => norm(vectorOf(key));

/** Adds the rows in this order, some of them while those before are still being measured. */
async function arrive(arriving: Arrivals, keys: readonly string[], pauseAfter: (i: number) => boolean): Promise<void> {
  for (const [i, key] of keys.entries()) {
    arriving.add(key, normOf(key), async (into) => into.set(vectorOf(key)));
    if (pauseAfter(i)) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Adds the rows of these places, and waits after each group until it is measured. */
async function arriveInGroups(
  engine: Engine,
  vectors: readonly Float32Array[],
  groups: readonly (readonly number[])[],
  path: "fast" | "exact",
): Promise<Arrived> {
  const numCoordinates = vectors[0]?.length ?? 0;
  const arriving = arrivals(engine, {
    numCoordinates,
    rowBudgetBytes: 4 * numCoordinates * vectors.length,
    measures: path === "exact" ? "geometry" : "distances",
    distancePath: () => path,
  });
  for (const group of groups) {
    for (const i of group) arriving.add(`${i}`, 1, async (into) => into.set(vectors[i] as Float32Array));
    await arriving.rows(group.map(String), path);
  }
  const arrived = await arriving.rows([...vectors.keys()].map(String), path);
  if (arrived === undefined) throw new Error("not all of them are in memory");
  return arrived;
}

/** The engine, and the first new row of every pass over pairs. */
function watched(): { readonly engine: Engine; readonly passes: string[] } {
  const passes: string[] = [];
  const pairs = (rows: Rows, options: PairOptions) => {
    passes.push(`${options.path} ${options.firstRow ?? 0} of ${rows.sources.length}`);
    return testEngine.pairs(rows, options);
  };
  const get = (engine: Engine, name: keyof Engine) => (name === "pairs" ? pairs : engine[name].bind(engine));
  return { engine: new Proxy(testEngine, { get }), passes };
}

describe("rows measured as they arrive", () => {
  test("whatever their order and their pace: the bits of measuring all at once", async () => {
    const expected = bitsOf(await testEngine.pairs(rowsOf(VECTORS), { path: "exact", innerProducts: true }));
    const order = fc.shuffledSubarray(KEYS, { minLength: KEYS.length });
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.boolean()), async (arrival, pauses) => {
        const arriving = arrivals(testEngine, ROOMY);
        await arrive(arriving, arrival, (i) => pauses[i] ?? false);
        const arrived = await arriving.rows(KEYS, "exact");
        const firstOf = (source: RowSource) => source.kind === "memory" && source.values[0];
        expect(arrived?.sources.map(firstOf)).toEqual(VECTORS.map(([first]) => first));
        expect(arrived?.measured && bitsOf(arrived.measured)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  describe("in memory that threads read in place", () => {
    const engine = workerEngine({ numThreads: 2 });
    afterAll(() => engine.close());

    test.each(["exact", "fast"] as const)("on the %s path: the same", async (path) => {
      // so long that three of them are worth telling threads
      const vectors = normalVectors(6, 43 * BLOCK_LENGTH + 5, 2);
      const options = { path, innerProducts: path === "exact" };
      const expected = bitsOf(await testEngine.pairs(rowsOf(vectors), options));
      for (const groups of [
        [[0], [1], [2], [3], [4], [5]],
        [[5], [2, 0], [4, 1, 3]],
        [[3, 5, 4, 1], [2], [0]],
      ]) {
        const { sources, measured } = await arriveInGroups(engine, vectors, groups, path);
        expect(sources.every((source) => source.kind === "memory" && source.memory !== undefined)).toBe(true);
        expect(measured && bitsOf(measured)).toEqual(expected);
      }
    });
  });

  test("each pass measures what came meanwhile, and the last one only the last row", async () => {
    const { engine, passes } = watched();
    const arriving = arrivals(engine, ROOMY);
    await arrive(arriving, KEYS.slice(0, 5), () => false);
    await arriving.rows(KEYS.slice(0, 5), "exact");
    expect(passes.length).toBeLessThan(5);
    passes.length = 0;
    arriving.add("update 5", 1, async (into) => into.set(vectorOf("update 5")));
    await arriving.rows(KEYS, "exact");
    expect(passes).toEqual(["exact 5 of 6"]);
  });

  test("an aggregate takes them as they are, and its bits do not tell", async () => {
    const { engine, passes } = watched();
    const arriving = arrivals(engine, ROOMY);
    await arrive(arriving, [...KEYS].reverse(), () => false);
    for (const rule of ["Krum", "GeometricMedian"]) {
      const arrived = await arriving.rows(KEYS, "exact");
      passes.length = 0;
      const setup = { rule, numByzantine: 1, distancePath: "exact", engine } as const;
      const input = { ...inputOf(VECTORS, setup), rows: arrived?.sources ?? [] };
      const measured = await aggregate({ ...input, ...(arrived?.measured && { measured: arrived.measured }) });
      expect(passes).toEqual([]);
      expect(measured).toEqual(await aggregateOf(VECTORS, setup));
    }
  });

  test("rows that are clipped since are measured again", async () => {
    const far = VECTORS.map((x, i) => x.map((value) => (i + 1) * 10 * value));
    const measured = await testEngine.pairs(rowsOf(far), { path: "exact", innerProducts: false });
    const setup = { rule: "Krum", numByzantine: 1, distancePath: "exact", clipNorm: 1 } as const;
    expect(await aggregate({ ...inputOf(far, setup), measured })).toEqual(await aggregateOf(far, setup));
  });

  test("distances alone are measured in float32, and again when the closed round needs float64", async () => {
    const { engine, passes } = watched();
    const arriving = arrivals(engine, DISTANCES);
    await arrive(arriving, KEYS, () => false);
    expect((await arriving.rows(KEYS, "fast"))?.measured).toBeDefined();
    expect(passes[0]).toMatch(/^fast 0 of/);
    expect(await arriving.rows(KEYS, "exact")).toMatchObject({ sources: { length: 6 }, measured: undefined });
  });

  test.each([
    [0, "a zero"],
    [1e4, "a long"],
  ])("times %d: %s row takes all to float64 when it comes, whenever that is, and all bits with it", async (odd) => {
    for (const place of KEYS.keys()) {
      const vectors = VECTORS.map((x, i) => (i === place ? x.map((value) => odd * value) : x));
      // a lone row is far from none, unless it is zero
      const breaking = odd === 0 ? place : Math.max(place, 1);
      const pathAt = (i: number) => (i < breaking ? "fast" : "exact");
      const { engine, passes } = watched();
      const arriving = arrivals(engine, DISTANCES);
      for (const [i, vector] of vectors.entries()) {
        arriving.add(KEYS[i] ?? "", norm(vector), async (into) => into.set(vector));
        await arriving.rows(KEYS.slice(0, i + 1), pathAt(i));
      }
      expect(passes).toEqual(KEYS.map((_, i) => `${pathAt(i)} ${i === breaking ? 0 : i} of ${i + 1}`));
      const expected = await testEngine.pairs(rowsOf(vectors), { path: "exact", innerProducts: false });
      const arrived = await arriving.rows(KEYS, "exact");
      expect(arrived?.measured && bitsOf(arrived.measured)).toEqual(bitsOf(expected));
    }
  });

  test("what is being measured on the other path then is not taken", async () => {
    const { engine, passes } = watched();
    const arriving = arrivals(engine, DISTANCES);
    await arrive(arriving, KEYS.slice(0, 5), () => false);
    await expect.poll(() => passes, { interval: 0 }).toHaveLength(1);
    arriving.add("update 5", 1e-3, async (into) => into.set(vectorOf("update 5")));
    const arrived = await arriving.rows(KEYS, "exact");
    expect(passes).toEqual(["fast 0 of 5", "exact 0 of 6"]);
    const expected = await testEngine.pairs(rowsOf(VECTORS), { path: "exact", innerProducts: false });
    expect(arrived?.measured && bitsOf(arrived.measured)).toEqual(bitsOf(expected));
  });

  test("nothing is measured for rules that measure nothing", async () => {
    const { engine, passes } = watched();
    const arriving = arrivals(engine, { ...ROOMY, measures: "nothing" });
    await arrive(arriving, KEYS, () => false);
    expect(await arriving.rows(KEYS, "exact")).toMatchObject({ sources: { length: 6 }, measured: undefined });
    expect(passes).toEqual([]);
  });
});

describe("what cannot be taken in", () => {
  test("beyond the budget no more rows are loaded, and the round reads them all from their place", async () => {
    const arriving = arrivals(testEngine, { ...ROOMY, rowBudgetBytes: 5 * 4 * NUM_COORDINATES });
    const loaded: string[] = [];
    for (const key of KEYS) {
      arriving.add(key, normOf(key), async (into) => {
        loaded.push(key);
        into.set(vectorOf(key));
      });
    }
    expect(await arriving.rows(KEYS, "exact")).toBeUndefined();
    expect(loaded).toEqual(KEYS.slice(0, 5));
    expect(await arriving.rows(KEYS.slice(0, 5), "exact")).toMatchObject({ sources: { length: 5 } });
  });

  test("a row that cannot be loaded is not in memory, and leaves its room to another", async () => {
    const arriving = arrivals(testEngine, { ...ROOMY, rowBudgetBytes: 4 * NUM_COORDINATES });
    arriving.add("broken", 1, () => Promise.reject(new Error("no such blob")));
    expect(await arriving.rows(["broken"], "exact")).toBeUndefined();
    arriving.add("update 0", 1, async (into) => into.set(vectorOf("update 0")));
    expect(await arriving.rows(["update 0"], "exact")).toMatchObject({ sources: { length: 1 } });
  });

  test("a pass that fails leaves the measuring, and the error, to the closing of the round", async () => {
    const arriving = arrivals(testEngine, ROOMY);
    await arrive(arriving, KEYS.slice(0, 5), () => false);
    arriving.add("update 5", 1, async (into) => void into.fill(Number.NaN));
    expect(await arriving.rows(KEYS, "exact")).toMatchObject({ sources: { length: 6 }, measured: undefined });
  });

  test("closed, it forgets all rows and takes no more, even of those on their way", async () => {
    const arriving = arrivals(testEngine, ROOMY);
    await arrive(arriving, KEYS.slice(0, 5), () => false);
    let arrive5: () => void = () => undefined;
    arriving.add("update 5", 1, () => new Promise((resolve) => (arrive5 = resolve)));
    const waiting = arriving.rows(KEYS, "exact");
    arriving.close();
    arrive5();
    expect(await waiting).toBeUndefined();
    arriving.add("update 0", 1, async (into) => into.set(vectorOf("update 0")));
    expect(await arriving.rows(["update 0"], "exact")).toBeUndefined();
  });

  test("closed, its memory may serve others once nothing is on its way into it", async () => {
    let closed = 0;
    const roomFor = testEngine.roomFor.bind(testEngine);
    vi.spyOn(testEngine, "roomFor").mockImplementationOnce((...size) => ({
      ...roomFor(...size),
      close: () => closed++,
    }));
    const arriving = arrivals(testEngine, ROOMY);
    await arrive(arriving, KEYS.slice(0, 5), () => false);
    let arrive5: () => void = () => undefined;
    arriving.add("update 5", 1, () => new Promise((resolve) => (arrive5 = resolve)));
    arriving.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).toBe(0);
    arrive5();
    await expect.poll(() => closed).toBe(1);
  });
});
