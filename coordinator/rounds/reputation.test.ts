import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLEAN, deservesQuarantine, type Finding, findingsOf, isFault, nextStanding } from "./reputation.ts";
import { testPlan } from "./testing.ts";

const SETTINGS = { mode: "quarantine", decay: 0.8, threshold: 0.3, minRounds: 3 } as const;
const FINDINGS: readonly Finding[] = ["equivocation", "refusal", "norm", "distance", "trimmed", "opposed"];

const recordAfter = (rounds: readonly (readonly Finding[])[]) =>
  rounds.reduce((standing, findings) => nextStanding(standing, findings, SETTINGS), CLEAN);
const times = (count: number, findings: readonly Finding[]) => Array.from({ length: count }, () => findings);

describe("reputation", () => {
  test("worked by hand: far off and pointing away count half each, however many figures say so; proof counts fully", () => {
    expect(recordAfter([["norm", "opposed"]])).toEqual({ reputation: 0.8, suspectRounds: 1 });
    expect(recordAfter([["norm"]])).toEqual({ reputation: 0.9, suspectRounds: 1 });
    expect(recordAfter([["norm", "distance", "trimmed"]])).toEqual({ reputation: 0.9, suspectRounds: 1 });
    expect(recordAfter([["refusal"]])).toEqual({ reputation: 0.8, suspectRounds: 1 });
    expect(recordAfter([["norm", "distance", "opposed", "trimmed"]]).reputation).toBe(0.8);
  });

  test("quarantine takes six rounds of full evidence; never distance alone, however long, nor direction alone", () => {
    expect(deservesQuarantine(recordAfter(times(5, ["norm", "opposed"])), SETTINGS)).toBe(false);
    expect(deservesQuarantine(recordAfter(times(6, ["norm", "opposed"])), SETTINGS)).toBe(true);
    for (const findings of [["norm", "distance", "trimmed"], ["opposed"]] as const) {
      expect(deservesQuarantine(recordAfter(times(1_000, findings)), SETTINGS)).toBe(false);
    }
    expect(deservesQuarantine(recordAfter(times(9, ["refusal"])), { ...SETTINGS, mode: "observe" })).toBe(false);
  });

  test("being far off alone never leads below the highest threshold a plan may have, whatever the rounding", () => {
    const settings = { mode: "quarantine", threshold: 0.5, minRounds: 2 } as const;
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 0.99, noNaN: true }), (decay) => {
        const rounds = times(2_000, ["norm", "distance"]);
        const worst = rounds.reduce((it, findings) => nextStanding(it, findings, { decay }), CLEAN);
        expect(deservesQuarantine(worst, { ...settings, decay })).toBe(false);
      }),
    );
    expect(() => testPlan({ reputation: { threshold: 0.5001 } })).toThrow("threshold");
    expect(testPlan({ reputation: { threshold: 0.5 } }).reputation?.threshold).toBe(0.5);
  });

  test("one bad round is never enough, even where the plan forgets almost everything", () => {
    const forgetful = { ...SETTINGS, decay: 0.5, threshold: 0.9, minRounds: 2 };
    expect(deservesQuarantine(nextStanding(CLEAN, ["refusal"], forgetful), forgetful)).toBe(false);
  });

  test("it stays within 0 and 1, falls with evidence and recovers to a clean record without", () => {
    const round = fc.subarray([...FINDINGS]);
    fc.assert(
      fc.property(fc.array(round, { maxLength: 50 }), (rounds) => {
        const standing = recordAfter(rounds);
        expect(standing.reputation).toBeGreaterThanOrEqual(0);
        expect(standing.reputation).toBeLessThanOrEqual(1);
        expect(nextStanding(standing, ["refusal"], SETTINGS).reputation).toBeLessThanOrEqual(standing.reputation);
        expect(nextStanding(standing, [], SETTINGS).reputation).toBeGreaterThanOrEqual(standing.reputation);
        expect(times(30, []).reduce((it, none) => nextStanding(it, none, SETTINGS), standing)).toBe(CLEAN);
      }),
    );
  });
});

describe("what a round holds against an update", () => {
  const honest = { norm: Array(10).fill(1), normRatio: Array(10).fill(1), cosine: Array(10).fill(0.5) };
  const one = (value: number, among: number) => Array.from({ length: 10 }, (_, i) => (i === 4 ? value : among));
  const found = (figures: Record<string, (number | null)[]>, f = 2) => findingsOf({ ...honest, ...figures }, f)[4];

  test("a norm beyond three times the median, and not at it", () => {
    expect(found({ normRatio: one(3.01, 1) })).toEqual(["norm"]);
    expect(found({ normRatio: one(3, 1) })).toEqual([]);
  });

  test("a score beyond four times the median, but only among the f last", () => {
    const krumRank = [1, 2, 3, 4, 10, 5, 6, 7, 8, 9];
    expect(found({ krumScore: one(4.01, 1), krumRank })).toEqual(["distance"]);
    expect(found({ krumScore: one(4, 1), krumRank })).toEqual([]);
    expect(found({ krumScore: one(4.01, 1), krumRank }, 0)).toEqual([]);
  });

  test("kept in fewer than seven tenths of the coordinates of the average update; not through NNM", () => {
    expect(found({ trimmed: one(0.8, 0.4) })).toEqual(["trimmed"]);
    expect(found({ trimmed: one(0.5, 0.4) })).toEqual([]);
    expect(found({ trimmed: one(0.8, 0.4), inDegree: one(1, 7) })).toEqual([]);
  });

  test("not where hardly anything is kept of anybody, or nothing of what was not picked", () => {
    // ten clients: two values are kept of each coordinate, and three
    expect(found({ trimmed: one(1, 7 / 9) })).toEqual([]);
    expect(found({ trimmed: one(1, 6 / 9) })).toEqual(["trimmed"]);
    expect(found({ trimmed: one(1, 0.4), "rule.picked": one(0, 1) })).toEqual([]);
  });

  test("pointing away from a robust aggregate; against a mean (f = 0) nothing but length counts", () => {
    expect(found({ cosine: one(-0.31, 0.5) })).toEqual(["opposed"]);
    expect(found({ cosine: one(-0.31, 0.5), trimmed: one(1, 0.1), normRatio: one(9, 1) }, 0)).toEqual(["norm"]);
  });

  test("figures that are missing or null hold nothing against anybody", () => {
    const nulls = Array(10).fill(null);
    expect(findingsOf({}, 2)).toEqual([]);
    expect(found({ normRatio: nulls, krumScore: nulls, krumRank: nulls, trimmed: nulls, cosine: nulls })).toEqual([]);
  });
});

test("being late or refused for another's mistake is no fault", () => {
  for (const code of ["ROUND_NOT_OPEN", "UPDATE_CONFLICT", "DISK_FULL", "UPLOAD_TOO_SLOW"] as const) {
    expect(isFault(code)).toBe(false);
  }
  expect(isFault("NOT_FINITE")).toBe(true);
});
