import { describe, expect, test } from "vitest";
import { testPlan } from "../rounds/testing.ts";
import { checkSchedule } from "./check-schedule.ts";

const N = 12;
const CENTRAL = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10, onAbsence: "zero" };
const refusalOf = (privacy: Record<string, unknown>, changes: Record<string, unknown> = {}) =>
  checkSchedule(testPlan({ rounds: 20, privacy, ...changes }), N);

test("coins and a plan that gives up for one absentee are refused: that would tell who was drawn", () => {
  const cohort = { sampling: "poisson", rate: 0.5 };
  expect(refusalOf({ ...CENTRAL, onAbsence: "abandon" }, { cohort })?.detail).toContain("onAbsence zero");
  expect(refusalOf(CENTRAL, { cohort })).toBeUndefined();
});

describe("the participation limits of a tree", () => {
  const tree = (maxParticipations: number, minSeparation = 1) => ({ numLeaves: 8, minSeparation, maxParticipations });

  test.each([
    // 12 clients with 2 parts each fill 24 places: 3 in each of 8 rounds
    [tree(2), { sampling: "fixed", size: 3 }, undefined],
    [tree(2), { sampling: "fixed", size: 4 }, "at most 3"],
    // no client twice within 5 rounds: 12 clients give 2 a round, and reach both of their rounds
    [tree(2, 5), { sampling: "fixed", size: 2 }, undefined],
    [tree(2, 5), { sampling: "fixed", size: 3 }, "at most 2"],
    [tree(8), { sampling: "full" }, undefined],
    [tree(7), { sampling: "full" }, "at most 10"],
    [tree(1, 13), { sampling: "fixed", size: 2 }, "at most 1"],
  ])("%j and a cohort of %j", (limits, cohort, accepted) => {
    const refusal = refusalOf({ ...CENTRAL, tree: limits }, { cohort });
    if (accepted === undefined) expect(refusal).toBeUndefined();
    else expect(refusal?.detail).toContain(accepted);
  });

  test("go with neither coins nor giving up nor quarantine: turns must not follow from updates", () => {
    const cohort = { sampling: "poisson", rate: 0.5 };
    expect(refusalOf({ ...CENTRAL, tree: tree(8) }, { cohort })?.detail).toContain("full or fixed");
    expect(refusalOf({ ...CENTRAL, tree: tree(8), onAbsence: "abandon" })?.detail).toContain("onAbsence zero");
    const reputation = { mode: "quarantine" };
    expect(refusalOf({ ...CENTRAL, tree: tree(8) }, { reputation })?.detail).toContain("reputation.mode observe");
  });
});

test("under privacy nobody tells how much data it has, so nothing is weighted by it", () => {
  const privacy = { mode: "local", clipNorm: 1, epsilon: 1, delta: 1e-5, maxEpsilon: 10 };
  const aggregation = { rule: { name: "FedAvg" }, numByzantine: 0, weights: "numExamples" };
  expect(refusalOf(privacy, { aggregation })?.detail).toContain("accepted is uniform");
  expect(refusalOf(privacy)).toBeUndefined();
});
