import { describe, expect, test, vi } from "vitest";
import type { ClientId } from "../../core/ids.ts";
import { gaussian } from "../../core/random/gaussian.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { pipelineView } from "../lab/clients/pipeline-view.ts";
import type { Insider } from "./attack.ts";
import { sharedChance } from "./crafting.ts";
import { fang, type Target } from "./fang.ts";
import { againstSigns, beyondEstimate, beyondHonest, greatestPicked, signsOf } from "./fang-rows.ts";
import { dot } from "./moments.ts";
import { insider, rowsOf, sentBy, taskOf, trainerOf } from "./testing.ts";

const places = [0, 1];

/** What the attackers send, in the order of their places, whoever is asked first. */
async function sentByAll(against: Target, changes: Partial<Insider>, { task = taskOf(), order = places } = {}) {
  const attack = fang({ against, from: "honest" });
  const rows = new Map<number, Float32Array | undefined>();
  for (const place of order) {
    const update = await attack.trainer?.(trainerOf([9, 9, 9]), insider({ ...changes, place })).train(task);
    rows.set(place, update?.delta);
  }
  return places.map((place) => rows.get(place) ?? new Float32Array());
}

/** The paper's own rows, b = 2, with the same draws. */
function closedForm(honest: readonly Float32Array[], task = taskOf()) {
  const random = sharedChance(task);
  return places.map(() => beyondHonest(honest)(() => random.uniform()));
}

describe("the rows", () => {
  test("worked by hand: below the least where the honest rise, above the greatest where they fall", () => {
    // means 2 (least 1, so 1/2..1), -2 (greatest -1, so -1..-1/2), 1 (least -1, so -2..-1), 0
    const drawn = beyondHonest(rowsOf([1, -1, 3, 1], [3, -3, -1, -1]));
    expect([...drawn(() => 0)]).toEqual([1, -1, -1, 0]);
    expect([...drawn(() => 1)]).toEqual([0.5, -0.5, -2, 0]);
    expect([...drawn(() => 1, 4)]).toEqual([0.25, -0.25, -4, 0]);
    expect([...drawn(() => 0.5, 1)]).toEqual([1, -1, -1, 0]);
  });

  test("against the signs, as long as the longest honest row where lambda is 1", () => {
    const straight = againstSigns(rowsOf([3, -4, 0], [1, 0, 0]));
    const [first = 0, second = 0, third = 0] = straight(1);
    expect([first, second]).toEqual([-second, -first]);
    expect(Math.hypot(first, second)).toBeCloseTo(5, 6);
    expect([first < 0, Math.abs(third)]).toEqual([true, 0]);
  });

  test("an estimate of mean 2 and deviation sqrt 2 ends between three and four of them below", async () => {
    const rows = rowsOf([1, 0, -3], [3, 0, -1]);
    expect(beyondEstimate(rows, () => 0)[0]).toBeCloseTo(2 - 3 * Math.SQRT2, 6);
    expect(beyondEstimate(rows, () => 1)[2]).toBeCloseTo(-2 + 4 * Math.SQRT2, 6);
    expect(beyondEstimate(rows, () => 1)[1]).toBe(0);
    const attack = fang({ against: "auto", from: "colluders" });
    const [value = 0] = await sentBy(attack, insider({ exchange: async () => rows }));
    expect(value).toBeGreaterThanOrEqual(2 - 4 * Math.SQRT2);
    expect(value).toBeLessThanOrEqual(2 - 3 * Math.SQRT2);
  });

  test("bisects to the greatest lambda that is picked", async () => {
    expect(await greatestPicked(async (lambda) => lambda <= 2.5)).toBeCloseTo(2.5, 4);
    expect(await greatestPicked(async () => false)).toBe(0);
  });
});

describe("against a rule that picks", () => {
  const krum = taskOf({}, { aggregation: { rule: { name: "MultiKrum" } } });
  const honest = async () => rowsOf([1, 1, 1], [2, 2, 2]);
  const nearestToZero = async (_: unknown, deltas: readonly Float32Array[]) =>
    deltas.toSorted((a, b) => dot(a, a) - dot(b, b))[0];

  test.each([
    ["auto", krum, 31],
    ["Krum", krum, 20],
    ["Krum", taskOf(), 20],
  ] as const)(
    "%s: all send the row that is just nearer to zero than any honest one",
    async (against, task, questions) => {
      const aggregate = vi.fn(nearestToZero);
      for (const row of await sentByAll(against, { honest, aggregate }, { task })) {
        for (const value of row) expect(value).toBeCloseTo(-1, 4);
      }
      expect(aggregate).toHaveBeenCalledTimes(questions);
    },
  );

  test("where nothing is ever picked, rows beyond the honest are sent, and zeros by who was told Krum", async () => {
    const aggregate = async (_: unknown, deltas: readonly Float32Array[]) => deltas[0]?.map((it) => 1e6 * it);
    const known = { honest, aggregate };
    expect(await sentByAll("auto", known, { task: krum })).toEqual(closedForm(await honest()));
    expect((await sentByAll("Krum", known, { task: krum })).flatMap((row) => [...row.map(Math.abs)])).toEqual(
      new Array(6).fill(0),
    );
  });
});

describe("against the whole pipeline", () => {
  const NUM_HONEST = 8;
  const D = 30;

  /** Rows about a mean of their own, as of clients that are not alike. */
  function unlike(seed: number, spread: number): Float32Array[] {
    const normal = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
    const mean = Float32Array.from({ length: D }, () => normal());
    return Array.from({ length: NUM_HONEST }, () => mean.map((mu) => mu + spread * normal()));
  }

  /** An adversary among these rows, who asks the pipeline as it is deployed, and what each answer deviates by. */
  function besieging(defence: string, honest: readonly Float32Array[], maxNorm = 1e6) {
    const names = defence.split("+").map((name) => ({ name }));
    const aggregation = { preAggregators: names.slice(0, -1), rule: names.at(-1) ?? { name: "" }, numByzantine: 2 };
    const view = pipelineView({ ...aggregation, maxNorm, weights: "uniform", maxExamples: 1 });
    const state = { previousAggregate: undefined, clipNorm: undefined, memory: { vectors: new Map(), numbers: {} } };
    const outputOf = (deltas: readonly Float32Array[]) =>
      view(
        deltas.map((delta, i) => ({ clientId: `client ${100 + i}` as ClientId, delta, weight: 1 })),
        state,
        new Float32Array(D),
      );
    const signs = signsOf(honest);
    const deviation = async (crafted: readonly Float32Array[]) => {
      const [before, after] = [await outputOf(honest), await outputOf([...honest, ...crafted])];
      return dot(signs, before ?? []) - dot(signs, after ?? []);
    };
    const aggregate = vi.fn((_: unknown, deltas: readonly Float32Array[]) => outputOf(deltas));
    return { deviation, aggregate, known: { honest: async () => honest, aggregate } };
  }

  const DEFENCES = ["FedAvg", "ARC+NNM+TrimmedMean", "NNM+TrimmedMean", "Median", "GeometricMedian", "MDA", "CGE"];

  test.each(DEFENCES)(
    "%s is led at least as far as by the paper's rows, at the cost of 20 questions",
    async (defence) => {
      for (const [seed, spread] of [
        [1, 0.1],
        [2, 1],
        [3, 4],
      ] as const) {
        const honest = unlike(seed, spread);
        const { deviation, aggregate, known } = besieging(defence, honest);
        const sent = await sentByAll("auto", known);
        expect(aggregate).toHaveBeenCalledTimes(20);
        expect(await deviation(sent)).toBeGreaterThanOrEqual(await deviation(closedForm(honest)));
      }
    },
  );

  test.each(["FedAvg", "ARC+NNM+TrimmedMean", "NNM+TrimmedMean", "GeometricMedian"])(
    "%s is led at least a tenth farther, here, by rows that were tried on it",
    async (defence) => {
      const honest = unlike(2, 1);
      const { deviation, known } = besieging(defence, honest);
      const paper = await deviation(closedForm(honest));
      expect(await deviation(await sentByAll("auto", known))).toBeGreaterThan(paper + 0.1 * Math.abs(paper));
    },
  );

  test.each(["Krum", "MultiKrum", "NNM+Krum", "NNM+MultiKrum"])(
    "%s is led by whichever kind of rows does more",
    async (defence) => {
      const task = taskOf({}, { aggregation: { rule: { name: defence.split("+").at(-1) } } });
      for (const spread of [0.1, 1, 4]) {
        const { deviation, known } = besieging(defence, unlike(2, spread));
        const by = async (against: Target) => deviation(await sentByAll(against, known, { task }));
        expect(await by("auto")).toBe(Math.max(await by("Krum"), await by("TrimmedMean")));
      }
    },
  );

  test("told TrimmedMean, rows beyond the honest are all that is tried", async () => {
    const honest = unlike(2, 1);
    const { deviation, aggregate, known } = besieging("ARC+NNM+TrimmedMean", honest);
    const sent = await sentByAll("TrimmedMean", known);
    expect(aggregate).toHaveBeenCalledTimes(10);
    const edge = beyondHonest(honest)(() => 0);
    const signs = signsOf(honest);
    for (const row of sent) {
      row.forEach((value, k) => {
        expect(((edge[k] as number) - value) * (signs[k] as number)).toBeGreaterThanOrEqual(-1e-6);
      });
    }
    expect(await deviation(sent)).toBeGreaterThanOrEqual(await deviation(closedForm(honest)));
  });

  test("admission's bound is part of the pipeline: a mean is led as far as admitted rows can lead it", async () => {
    const honest = unlike(2, 1);
    const longest = Math.max(...honest.map((row) => Math.sqrt(dot(row, row))));
    const { deviation, known } = besieging("FedAvg", honest, 3 * longest);
    const sent = await sentByAll("auto", known);
    for (const row of sent) expect(Math.sqrt(dot(row, row))).toBeLessThanOrEqual(3 * longest);
    expect(await deviation(sent)).toBeGreaterThan(await deviation(closedForm(honest)));
  });

  test("what is sent is what was tried, once for all attackers, and the same in whatever order they come", async () => {
    const honest = unlike(3, 4);
    const { deviation, aggregate, known } = besieging("TrimmedMean", honest);
    const [first, second] = [await sentByAll("auto", known), await sentByAll("auto", known, { order: [1, 0] })];
    expect(second).toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
    expect(aggregate).toHaveBeenCalledTimes(40);
    const tried = await Promise.all(aggregate.mock.calls.map(([, deltas]) => deviation(deltas.slice(NUM_HONEST))));
    expect(await deviation(first)).toBe(Math.max(...tried));
  });

  test("where it could hold with nothing that is tried, the paper's rows", async () => {
    const honest = unlike(2, 1);
    const aggregate = vi.fn(async () => undefined);
    expect(await sentByAll("auto", { honest: async () => honest, aggregate })).toEqual(closedForm(honest));
    expect(aggregate).toHaveBeenCalledTimes(20);
  });
});
