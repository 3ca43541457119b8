import { describe, expect, test } from "vitest";
import { type Listed, preAggregatorOf, registryListing, ruleOf } from "../registry.ts";
import { aggregateOf, float32, normalVectors, type Setup } from "../testing.ts";

/** Every rule alone, and every pre-aggregator before the mean. */
interface Step extends Listed {
  readonly setup: Setup;
}

const STEPS: readonly Step[] = registryListing().map((listed) => ({
  ...listed,
  setup: listed.kind === "rule" ? { rule: listed.example } : { rule: "FedAvg", preAggregators: [listed.example] },
}));

/** Enough for Bulyan. */
const [N, F, D] = [11, 2, 7];
const UPDATES = normalVectors(N, D, 1);
const REFERENCES = { previousAggregate: UPDATES[3] as Float32Array, rootUpdate: UPDATES[4] as Float32Array };

interface Turned {
  readonly updates?: readonly Float32Array[];
  readonly references?: typeof REFERENCES;
  readonly setup?: Setup;
  readonly numByzantine?: number;
}

async function aggregateBy(
  step: Step,
  { updates = UPDATES, references = REFERENCES, setup = step.setup, numByzantine = F }: Turned = {},
): Promise<Float32Array> {
  const needed = Object.fromEntries((step.needs.references ?? []).map((name) => [name, references[name]]));
  return (await aggregateOf(updates, { ...setup, numByzantine, references: needed })).values;
}

const each = (map: (value: number, k: number) => number) => (rows: readonly Float32Array[]) =>
  rows.map((row) => row.map(map));
const throughReferences = (turn: (rows: readonly Float32Array[]) => readonly Float32Array[]): typeof REFERENCES => {
  const [previousAggregate, rootUpdate] = turn([REFERENCES.previousAggregate, REFERENCES.rootUpdate]);
  return { previousAggregate: previousAggregate as Float32Array, rootUpdate: rootUpdate as Float32Array };
};
const mean = (rows: readonly Float32Array[]) =>
  Array.from(rows[0] ?? [], (_, k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / rows.length);

function expectNear(values: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const differences = Array.from(expected, (value, k) => Math.abs((values[k] as number) - value));
  expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance);
}

/** Steps that do not have a property, and why. */
type Exceptions = Readonly<Record<string, string>>;

const NO_TRANSLATION: Exceptions = {
  CGE: "goes by norms",
  FLTrust: "goes by directions from the origin",
  FoolsGold: "goes by directions from the origin",
  FLAME: "goes by directions from the origin",
  SignGuard: "goes by norms and signs",
  NormClippedWeightedMean: "clips towards the origin",
  ARC: "clips towards the origin",
  NormClipping: "clips towards the origin",
};
const IN_ORDER_OF_CLIENTS: Exceptions = { Bucketing: "draws buckets from the order of the clients" };
const NOT_ITSELF: Exceptions = {
  FoolsGold: "takes twins for sybils",
  CenteredClipping: "moves by no more than tau",
  NormClipping: "clips to a fixed norm",
};

/** Powers of two: the scaled round is the same round in other units, parameters that are lengths included. */
const SCALE = 4;
const LENGTHS = ["tau", "nu", "clipNorm"];

function scaled(setup: Setup): Setup {
  const inOtherUnits = (named: Setup["rule"]) => {
    const settings = typeof named === "string" ? { name: named } : named;
    const entries = Object.entries(settings).map(([key, value]) =>
      LENGTHS.includes(key) && typeof value === "number" ? [key, SCALE * value] : [key, value],
    );
    return { ...Object.fromEntries(entries), name: settings.name };
  };
  return {
    ...setup,
    rule: inOtherUnits(setup.rule),
    ...(setup.preAggregators && { preAggregators: setup.preAggregators.map(inOtherUnits) }),
  };
}

const holdsForOne = ({ kind, example }: Step) => (kind === "rule" ? ruleOf : preAggregatorOf)(example, 0).feasible(1);
const withoutException = (exceptions: Exceptions) => STEPS.filter(({ name }) => !Object.hasOwn(exceptions, name));

describe.each(STEPS)("$name", (step) => {
  test("the same updates give the same bits, and are not written to", async () => {
    const before = UPDATES.map((row) => row.slice());
    const first = await aggregateBy(step);
    expect(await aggregateBy(step)).toEqual(first);
    expect(UPDATES).toEqual(before);
  });

  test("in other units it gives the same in those units", async () => {
    const scale = each((value) => SCALE * value);
    const turned = { updates: scale(UPDATES), references: throughReferences(scale), setup: scaled(step.setup) };
    const values = await aggregateBy(step, turned);
    expectNear(
      values,
      (await aggregateBy(step)).map((value) => SCALE * value),
      1e-4,
    );
  });

  test("updates that are all zero give zero", async () => {
    const zero = each(() => 0);
    const values = await aggregateBy(step, { updates: zero(UPDATES), references: throughReferences(zero) });
    expect(values).toEqual(new Float32Array(D));
  });

  test("denormals and huge values give something finite", async () => {
    const extremes = [1e-42, 1e-30, 1, 1e12, 1e17];
    const updates = UPDATES.map((row, i) => row.map((value) => value * (extremes[i % extremes.length] as number)));
    expect((await aggregateBy(step, { updates })).every(Number.isFinite)).toBe(true);
  });

  test("one coordinate is enough", async () => {
    const updates = UPDATES.map((row) => row.slice(0, 1));
    const references = throughReferences((rows) => rows.map((row) => row.slice(0, 1)));
    expect((await aggregateBy(step, { updates, references })).every(Number.isFinite)).toBe(true);
  });

  test("too few updates are refused", async () => {
    const one = UPDATES.slice(0, 1);
    const attempt = aggregateBy(step, { updates: one, numByzantine: 1 });
    const holds = step.requires === "n >= 1";
    await (holds
      ? expect(attempt).resolves.toHaveLength(D)
      : expect(attempt).rejects.toMatchObject({ code: "INFEASIBLE_RULE" }));
  });
});

test.each(withoutException(NO_TRANSLATION))("$name moves with the origin", async (step) => {
  const shift = each((value, k) => value + k - 3);
  const values = await aggregateBy(step, { updates: shift(UPDATES), references: throughReferences(shift) });
  expectNear(
    values,
    (await aggregateBy(step)).map((value, k) => value + k - 3),
    1e-4,
  );
});

test.each(withoutException(IN_ORDER_OF_CLIENTS))(
  "$name: other names for the clients change nothing but rounding",
  async (step) => {
    const turned = UPDATES.map((_, i) => UPDATES[(i * 3 + 5) % N] as Float32Array);
    expectNear(await aggregateBy(step, { updates: turned }), await aggregateBy(step), 1e-5);
  },
);

test.each(["Median", "TrimmedMean", "WeightedMedian", "WeightedTrimmedMean", "Phocas", "MeaMed"])(
  "%s: other names for the clients change no bit",
  async (rule) => {
    const updates = normalVectors(N, 100, 2);
    const turned = updates.map((_, i) => updates[(i * 3 + 5) % N] as Float32Array);
    const bits = async (rows: Float32Array[]) => (await aggregateOf(rows, { rule, numByzantine: F })).values;
    expect(await bits(turned)).toEqual(await bits(updates));
  },
);

test.each(withoutException(NOT_ITSELF))("$name: identical updates give that update", async (step) => {
  const [one = new Float32Array()] = UPDATES;
  const updates = UPDATES.map(() => one);
  expectNear(await aggregateBy(step, { updates, references: throughReferences(() => [one, one]) }), one, 1e-6);
});

test.each(withoutException(NOT_ITSELF).filter(holdsForOne))(
  "$name: one update among no attackers comes out as it went in",
  async (step) => {
    const updates = UPDATES.slice(0, 1);
    const references = throughReferences(() => [updates[0] as Float32Array, updates[0] as Float32Array]);
    expectNear(await aggregateBy(step, { updates, references, numByzantine: 0 }), updates[0] as Float32Array, 1e-6);
  },
);

test.each([
  { rule: "TrimmedMean" },
  { rule: "MeaMed" },
  { rule: "Phocas" },
  { rule: "WeightedTrimmedMean" },
  { rule: "Bulyan" },
  { rule: "MDA" },
  { rule: "SMEA" },
  { rule: "CAF" },
  { rule: "CGE" },
  { rule: "DnC" },
  { rule: { name: "MultiKrum", neighbours: "n-f-1", select: "n-f" } },
  { rule: "Median", preAggregators: ["NNM"] },
  { rule: "FedAvg", preAggregators: ["ARC"] },
  { rule: "FedAvg", preAggregators: [{ name: "Bucketing", size: 1 }] },
] satisfies Setup[])("%j: f = 0 gives the mean", async (setup: Setup) => {
  expectNear((await aggregateOf(UPDATES, { ...setup, numByzantine: 0 })).values, mean(UPDATES), 1e-6);
});

/** Updates that are all as far from one another and from the origin: whatever chooses among them sees ties only. */
const TIED = float32(...UPDATES.map((_, i) => UPDATES.map((_, k) => (i === k ? 1 : 0))));

test.each([
  ["Krum", 1],
  ["MultiKrum", N - F - 2],
  ["CGE", N - F],
  ["MDA", N - F],
  ["SMEA", N - F],
])("%s: of equals the first %i by client id are taken", async (rule, count) => {
  const { coefficients = [] } = await aggregateOf(TIED, { rule, numByzantine: F });
  expect([...coefficients.keys()].filter((i) => (coefficients[i] as number) > 0)).toEqual([...Array(count).keys()]);
});
