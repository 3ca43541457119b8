import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseAttack } from "../../attacks/registry.ts";
import { smallCell } from "../testing.ts";
import { planYaml, whyInfeasible } from "./lab-plan.ts";

const DATA = { inputShape: [8], numClasses: 3 };

test("a rule that takes no weights cannot hold where examples are to weigh, and the reason names it", () => {
  expect(whyInfeasible(smallCell({ weights: "numExamples" }))).toMatchObject({
    refused: "PLAN_INVALID",
    detail: "aggregation.weights: Median takes uniform weights only",
  });
  const defence = { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } };
  expect(whyInfeasible(smallCell({ weights: "numExamples", defence }))).toBeUndefined();
});

test("the cap on examples is the scenario's, or the plan's own", () => {
  const capOf = (changes: object) => parse(planYaml(smallCell(changes), DATA)).aggregation.maxExamples;
  expect(capOf({ maxExamples: 50 })).toBe(50);
  expect(capOf({})).toBe(100_000);
});

test.each([
  ["SignFlipping", 7, 7, 0],
  ["NonFinite", 7, 5, 0],
  ["Dropout", 5, 5, 10],
])("a round of seven, two of them with %s, waits for %d and goes on with %d", (attack, quorum, minUpdates, graceMs) => {
  const of = (changes: object) =>
    parse(planYaml(smallCell({ attack: parseAttack(attack), clients: 7, ...changes }), DATA)).round;
  expect(of({})).toMatchObject({ quorum, minUpdates, graceMs });
  // one told to expect: quarantine may leave one out, whoever it is, and what is silent is so all the same
  const quarantine = of({ numByzantine: 1, reputation: { mode: "quarantine" } });
  expect(quarantine.quorum).toBe(quorum - 1);
  expect(quarantine.minUpdates).toBe(Math.min(minUpdates, quorum - 1));
  // whom a fixed cohort leaves out can be drawn instead
  if (attack !== "Dropout") {
    const cohort = { sampling: "fixed", size: 6 };
    expect(of({ numByzantine: 1, cohort, reputation: { mode: "quarantine" } }).quorum).toBe(6);
  }
});
