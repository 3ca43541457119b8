import { describe, expect, test } from "vitest";
import { preAggregatorOf, RULE_NAMES, ruleOf } from "./registry.ts";

describe("rules by name", () => {
  test.each(RULE_NAMES)("%s is known under its paper's name", (name) => {
    expect(ruleOf({ name }, 1).name).toBe(name);
  });

  test.each([
    ["Krumm", "no rule Krumm: did you mean Krum?"],
    ["trimmedmean", "no rule trimmedmean: did you mean TrimmedMean?"],
    ["Multi-Krum", "no rule Multi-Krum: did you mean MultiKrum?"],
    ["Bulyan", "no rule Bulyan: known are FedAvg, Median, TrimmedMean, Krum, MultiKrum"],
    ["toString", "no rule toString: known are FedAvg, Median, TrimmedMean, Krum, MultiKrum"],
  ])("%s is refused with what was probably meant", (name, message) => {
    expect(() => ruleOf({ name }, 1)).toThrow(expect.objectContaining({ code: "RULE_UNKNOWN", message }));
  });

  test("an unknown pre-aggregator is refused", () => {
    const refused = { code: "RULE_UNKNOWN", message: "no pre-aggregator NMM: did you mean NNM?" };
    expect(() => preAggregatorOf({ name: "NMM" }, 1)).toThrow(expect.objectContaining(refused));
  });

  test.each([
    [{ name: "Krum", neighbors: "n-f-1" }, "Krum has no parameter neighbors: did you mean neighbours?"],
    [{ name: "MultiKrum", m: 3 }, "MultiKrum has no parameter m: known are neighbours, select"],
    [{ name: "TrimmedMean", fraction: 0.2 }, "TrimmedMean has no parameter fraction: there are none"],
  ])("%j: an unknown parameter is refused, not ignored", (settings, message) => {
    expect(() => ruleOf(settings, 1)).toThrow(expect.objectContaining({ code: "PLAN_INVALID", message }));
  });

  test.each([
    { name: "Krum", neighbours: "n-f" },
    { name: "MultiKrum", select: 0 },
    { name: "MultiKrum", select: 2.5 },
    { name: "MultiKrum", select: "all" },
  ])("%j: a value out of range is refused", (settings) => {
    expect(() => ruleOf(settings, 1)).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
  });
});
