import { describe, expect, test } from "vitest";
import { type Listed, preAggregatorOf, registryListing, ruleOf } from "./registry.ts";

const LISTING = registryListing();
const RULES = LISTING.filter(({ kind }) => kind === "rule");

const stepOf = ({ kind, example }: Listed, f: number) => (kind === "rule" ? ruleOf : preAggregatorOf)(example, f);

describe("steps by name", () => {
  test.each(LISTING)("$name is known under its paper's name", (listed) => {
    expect(stepOf(listed, 1).name).toBe(listed.name);
  });

  test.each([
    ["Krumm", "no rule Krumm: did you mean Krum?"],
    ["trimmedmean", "no rule trimmedmean: did you mean TrimmedMean?"],
    ["Multi-Krum", "no rule Multi-Krum: did you mean MultiKrum?"],
    ["NNM", expect.stringContaining("no rule NNM: ")],
    ["toString", expect.stringContaining("no rule toString: known are FedAvg, ")],
  ])("%s is refused with what was probably meant", (name, message) => {
    expect(() => ruleOf({ name }, 1)).toThrow(expect.objectContaining({ code: "RULE_UNKNOWN", message }));
  });

  test("an unknown pre-aggregator is refused", () => {
    const refused = { code: "RULE_UNKNOWN", message: "no pre-aggregator NMM: did you mean NNM?" };
    expect(() => preAggregatorOf({ name: "NMM" }, 1)).toThrow(expect.objectContaining(refused));
  });
});

describe("parameters", () => {
  test.each([
    [{ name: "Krum", neighbors: "n-f-1" }, "Krum has no parameter neighbors: did you mean neighbours?"],
    [{ name: "MultiKrum", m: 3 }, "MultiKrum has no parameter m: known are neighbours, select"],
    [{ name: "TrimmedMean", fraction: 0.2 }, "TrimmedMean has no parameter fraction: there are none"],
  ])("%j: an unknown one is refused, not ignored", (settings, message) => {
    expect(() => ruleOf(settings, 1)).toThrow(expect.objectContaining({ code: "PLAN_INVALID", message }));
  });

  test.each([
    { name: "Krum", neighbours: "n-f" },
    { name: "MultiKrum", select: 0 },
    { name: "MultiKrum", select: 2.5 },
    { name: "MultiKrum", select: "all" },
    { name: "GeometricMedian", nu: 0 },
    { name: "CenteredClipping" },
    { name: "CenteredClipping", tau: -1 },
    { name: "NormClippedWeightedMean", clipNorm: "mean" },
  ])("%j: a value that is missing or out of range is refused", (settings) => {
    expect(() => ruleOf(settings, 1)).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
  });
});

/** What a listed requirement asks of n, as far as n and f go: `n >= a f + b`. */
function leastOf({ requires, parameters }: Listed, f: number): number {
  const [, factor = "0", size, constant] = /^n >= (?:(\d)( size)? ?f \+ )?(\d+)/.exec(requires) ?? [];
  const sizeOf = size === undefined ? 1 : Number(parameters.find(({ name }) => name === "size")?.default);
  return Number(factor) * sizeOf * f + Number(constant);
}

/** The listed formulas of sensitivity, written down once more. */
const SENSITIVITIES: Readonly<Record<string, (n: number, f: number, C: number) => number>> = {
  "2C/n": (n, _f, C) => (2 * C) / n,
  "2C/(n-2f)": (n, f, C) => (2 * C) / (n - 2 * f),
  "2C/(n-f)": (n, f, C) => (2 * C) / (n - f),
  "2C": (_n, _f, C) => 2 * C,
  "2C, or 2C min(m, n-m+1)/m for m = select": (_n, _f, C) => 2 * C,
  "2C, or C for even n": (n, _f, C) => (n % 2 === 0 ? C : 2 * C),
  "2nC": (n, _f, C) => 2 * n * C,
  "2C sqrt(n/(n-f))": (n, f, C) => 2 * C * Math.sqrt(n / (n - f)),
  "2C sqrt((n-2f)/(n-4f))": (n, f, C) => 2 * C * Math.sqrt((n - 2 * f) / (n - 4 * f)),
  "2C min(f+1, n-f)/(n-f)": (n, f, C) => (2 * C * Math.min(f + 1, n - f)) / (n - f),
  "2C min(m, n-m+1)/m": (n, f, C) => (2 * C * Math.min(n - f - 2, f + 3)) / (n - f - 2),
  "2 iterations min(tau, C)/n": (n, _f, C) => (2 * Math.min(10, C)) / n,
  "2 min(B, C)": (_n, _f, C) => 2 * C,
};

describe("what is listed is what is built", () => {
  test.each(LISTING)("$name needs $requires", (listed) => {
    for (let f = 0; f <= 3; f++) {
      const step = stepOf(listed, f);
      for (let n = 1; n <= 16; n++)
        expect({ n, f, feasible: step.feasible(n) }).toEqual({ n, f, feasible: n >= leastOf(listed, f) });
    }
  });

  test.each(RULES)("$name has sensitivity $sensitivity", (listed) => {
    for (const [n, f, clipNorm] of [
      [11, 2, 0.5],
      [12, 1, 20],
      [7, 0, 3],
    ] as const) {
      const listedValue =
        listed.sensitivity === undefined
          ? Number.POSITIVE_INFINITY
          : SENSITIVITIES[listed.sensitivity]?.(n, f, clipNorm);
      expect(ruleOf(listed.example, f).sensitivity(n, clipNorm)).toBeCloseTo(listedValue ?? Number.NaN, 12);
    }
  });

  test("central noise is scaled to the sensitivity of three rules", () => {
    const names = RULES.filter((it) => it.carriesCentralNoise).map(({ name }) => name);
    expect(names.sort()).toEqual(["CenteredClipping", "FedAvg", "TrimmedMean"]);
  });
});
