import { describe, expect, test } from "vitest";
import { testPlan } from "../rounds/testing.ts";
import { samplingClaim } from "./sampling-claim.ts";

const N = 10;
const plan = (cohort: Record<string, unknown>, quorum: number, changes: Record<string, unknown> = {}) =>
  testPlan({ cohort, round: { quorum, minUpdates: 1 }, ...changes });
const claim = (...of: Parameters<typeof plan>) => samplingClaim(plan(...of), N);

describe("what a scheduler may claim of its own coins", () => {
  test.each([
    [{ sampling: "full" }, 3, "full"],
    [{ sampling: "fixed", size: 4 }, 4, { fixed: { cohort: 4, population: N } }],
    [{ sampling: "poisson", rate: 0.3 }, N, { poisson: { rate: 0.3, population: N, sizePublished: true } }],
    [
      { sampling: "poisson", rate: 0.3, cap: 4 },
      4,
      { poisson: { rate: 0.3, cap: 4, population: N, sizePublished: true } },
    ],
  ])("%j with quorum %i", (cohort, quorum, sampling) => {
    expect(claim(cohort, quorum)).toEqual({ sampling, forfeited: undefined });
  });

  test("a draw that leaves nobody out is full participation, and a cap that never binds is none", () => {
    expect(claim({ sampling: "fixed", size: N }, N).sampling).toBe("full");
    expect(claim({ sampling: "poisson", rate: 1 }, N).sampling).toBe("full");
    expect(claim({ sampling: "poisson", rate: 0.3, cap: N }, N)).toEqual(claim({ sampling: "poisson", rate: 0.3 }, N));
  });
});

test("trees of rounds need no sampling and claim none", () => {
  const tree = { numLeaves: 8, maxParticipations: 4 };
  const privacy = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10, tree };
  expect(claim({ sampling: "fixed", size: 4 }, 2, { privacy })).toEqual({ sampling: "full", forfeited: undefined });
});

describe("amplification is forfeited, said and charged as if all took part", () => {
  test.each([
    [{ sampling: "fixed", size: 4 }, 3, "round.quorum 4"],
    [{ sampling: "poisson", rate: 0.3 }, N - 1, `round.quorum ${N}`],
    [{ sampling: "poisson", rate: 0.3, cap: 4 }, 3, "round.quorum 4"],
  ])("by over-selection: %j, closed by the fastest %i", (cohort, quorum, accepted) => {
    const { sampling, forfeited } = claim(cohort, quorum);
    expect(sampling).toBe("full");
    expect(forfeited).toContain(`fastest ${quorum}`);
    expect(forfeited).toContain(accepted);
  });

  test("by letting reputation decide who is drawn", () => {
    const changes = { reputation: { mode: "quarantine" } };
    const { sampling, forfeited } = claim({ sampling: "fixed", size: 4 }, 4, changes);
    expect(sampling).toBe("full");
    expect(forfeited).toContain("reputation.mode observe");
  });
});
