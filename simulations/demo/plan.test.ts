import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { planFileSchema } from "../../core/plan.ts";
import type { DemoOptions, RuleChoice } from "./options.ts";
import { planRuns } from "./plan.ts";
import { DEFAULT_OPTIONS } from "./testing.ts";

const TEST_SET = { images: "/data/images", labels: "/data/labels" };

function plans(changes: Partial<DemoOptions> = {}) {
  return planRuns({ ...DEFAULT_OPTIONS, ...changes }, TEST_SET);
}

const rule = (label: string): RuleChoice => {
  const names = label.split("+");
  return { label, preAggregators: names.slice(0, -1), rule: names.at(-1) ?? "" };
};

describe("the demo's plans", () => {
  test("are plans that a coordinator takes, one per rule, told of the attackers' number", () => {
    const { runs, leftOut } = plans();
    expect(leftOut).toEqual([]);
    const files = runs.map(({ planYaml }) => planFileSchema.parse(parse(planYaml)));
    expect(files.map((file) => file.aggregation.rule.name)).toEqual(["FedAvg", "MultiKrum", "TrimmedMean"]);
    expect(files.map((file) => file.aggregation.preAggregators)).toEqual([[], [], [{ name: "NNM" }]]);
    for (const file of files) {
      expect(file).toMatchObject({
        rounds: 20,
        model: { builtin: "mlp" },
        local: { steps: 20, batchSize: 32, learningRate: 0.05, momentum: 0.9 },
        aggregation: { numByzantine: 3, weights: "uniform" },
        evaluation: { dataset: TEST_SET, everyRounds: 1 },
      });
    }
  });

  test("wait for everyone, and rest on no fewer updates than the rule can hold with", () => {
    const rounds = plans().runs.map(({ planYaml }) => planFileSchema.parse(parse(planYaml)).round);
    expect(rounds.map((it) => it.quorum)).toEqual([10, 10, 10]);
    // MultiKrum needs 2f + 3 = 9; the others live with the 7 honest ones.
    expect(rounds.map((it) => it.minUpdates)).toEqual([7, 9, 7]);
  });

  test.each([
    ["MultiKrum", 8, "INFEASIBLE_RULE"],
    ["NNM+TrimmedMean", 6, "INFEASIBLE_RULE"],
    ["Krumm", 10, "RULE_UNKNOWN"],
    ["NMN+Median", 10, "RULE_UNKNOWN"],
  ])("%s with %d clients is refused", (label, numClients, code) => {
    expect(() => plans({ numClients, rules: [rule(label)] })).toThrow(expect.objectContaining({ code }));
  });

  test("a rule that an attack refused at admission leaves too few updates: left out, or refused when typed", () => {
    const attack = { name: "NonFinite" } as const;
    const { runs, leftOut } = plans({ attack });
    expect(runs.map(({ choice }) => choice.label)).toEqual(["FedAvg", "NNM+TrimmedMean"]);
    expect(leftOut).toEqual(["MultiKrum needs 9 updates, and admission leaves 7 of 10"]);
    expect(() => plans({ attack, rulesWereTyped: true })).toThrow("raise --clients");
    expect(plans({ attack, numClients: 12 }).leftOut).toEqual([]);
  });
});
