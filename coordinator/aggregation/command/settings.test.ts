import { describe, expect, test } from "vitest";
import { settingsOf } from "./settings.ts";

const settings = (rule: string, pre: readonly string[], ...param: readonly string[]) =>
  settingsOf({ rule, pre, param });

describe("a parameter", () => {
  test("is the rule's, and a word, a number or a truth value", () => {
    expect(settings("MultiKrum", [], "neighbours=n-f-1", "select=3").rule).toEqual({
      name: "MultiKrum",
      neighbours: "n-f-1",
      select: 3,
    });
    const { rule } = settings("Krum", [], "a=true", "b=false", "c=1e-6", "d=-2", "e=x=y", "f= ");
    expect(rule).toEqual({ name: "Krum", a: true, b: false, c: 1e-6, d: -2, e: "x=y", f: " " });
  });

  test("is the pre-aggregator's that knows it where the rule does not", () => {
    expect(settings("Krum", ["NNM", "Bucketing"], "size=2")).toEqual({
      rule: { name: "Krum" },
      preAggregators: [{ name: "NNM" }, { name: "Bucketing", size: 2 }],
    });
  });

  test("is the rule's where both know it", () => {
    const { rule, preAggregators } = settings("NormClippedWeightedMean", ["NormClipping"], "clipNorm=2");
    expect({ rule, preAggregators }).toEqual({
      rule: { name: "NormClippedWeightedMean", clipNorm: 2 },
      preAggregators: [{ name: "NormClipping" }],
    });
  });

  test("that nobody knows is the rule's, which will refuse it", () => {
    expect(settings("Krum", ["NNM"], "taste=sweet").rule).toEqual({ name: "Krum", taste: "sweet" });
  });

  test("with a name before it is that step's, wherever it stands", () => {
    expect(settings("Krum", ["Bucketing", "NNM", "Bucketing"], "Bucketing.size=3", "Krum.neighbours=n-f-2")).toEqual({
      rule: { name: "Krum", neighbours: "n-f-2" },
      preAggregators: [{ name: "Bucketing", size: 3 }, { name: "NNM" }, { name: "Bucketing", size: 3 }],
    });
  });
});

test.each([
  ["no value", "size", /key=value/],
  ["an empty value", "size=", /key=value/],
  ["no key", "=3", /key=value/],
  ["the step's name", "name=Median", /key=value/],
  ["a key that is no word", "__proto__=3", /key=value/],
  ["a step that is not there", "NMM.size=3", /no step NMM: did you mean NNM\?/],
])("refused: %s", (_, param, message) => {
  const attempt = () => settings("Krum", ["NNM"], param);
  expect(attempt).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }));
});

test("refused: the same parameter twice", () => {
  expect(() => settings("Krum", [], "neighbours=n-f-1", "Krum.neighbours=n-f-2")).toThrow(/set twice/);
});
