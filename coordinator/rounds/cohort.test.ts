import { describe, expect, test } from "vitest";
import type { ClientId } from "../../core/ids.ts";
import { seededRandom } from "../../core/random/seeded.ts";
import { drawCohort, publicCohortSize } from "./cohort.ts";
import type { JobEvent } from "./events.ts";
import { evolve, type JobState } from "./job-state.ts";
import { mayTakePart, withParticipations } from "./participations.ts";
import { clientNo, testJob, testPlan } from "./testing.ts";

const N = 12;
const DRAWS = 4_000;
const CENTRAL = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10, onAbsence: "zero" };
const randomness = (seed: number) => seededRandom(new Uint8Array(32).fill(seed));

const job = (cohort: Record<string, unknown>, privacy: Record<string, unknown> = CENTRAL, rounds = 16): JobState =>
  testJob(testPlan({ rounds, cohort, privacy, round: { quorum: N, minUpdates: 1 } }), N);

/** How often each client and each two clients came together in so many draws, and the sizes of the cohorts. */
function counted(state: JobState) {
  const random = randomness(1);
  const of = new Array<number>(N).fill(0);
  const sizes = new Array<number>(N + 1).fill(0);
  let together = 0;
  for (let i = 0; i < DRAWS; i++) {
    const { cohort } = drawCohort(state, state.population, random);
    for (const id of cohort) of[state.population.indexOf(id)] = (of[state.population.indexOf(id)] as number) + 1;
    sizes[cohort.length] = (sizes[cohort.length] as number) + 1;
    if (cohort.includes(clientNo(0)) && cohort.includes(clientNo(1))) together++;
  }
  return { of, sizes, together };
}

/** Five standard deviations of a count of independent coins. */
const slack = (p: number) => 5 * Math.sqrt(DRAWS * p * (1 - p));

describe("coins", () => {
  test("come up for each client at the rate, independently of the others, and the draw says so", () => {
    const state = job({ sampling: "poisson", rate: 0.3 });
    const { of, sizes, together } = counted(state);
    for (const count of of) expect(Math.abs(count - 0.3 * DRAWS)).toBeLessThan(slack(0.3));
    expect(Math.abs(together - 0.09 * DRAWS)).toBeLessThan(slack(0.09));
    const nobody = 0.7 ** N;
    expect(Math.abs((sizes[0] as number) - nobody * DRAWS)).toBeLessThan(slack(nobody));
    expect(drawCohort(state, state.population, randomness(2)).sampling).toEqual({
      poisson: { rate: 0.3, population: N, sizePublished: true },
    });
  });

  test("beyond the cap a uniform choice remains", () => {
    const state = job({ sampling: "poisson", rate: 0.5, cap: 3 });
    const { of, sizes } = counted(state);
    expect(sizes.slice(4)).toEqual(new Array(N - 3).fill(0));
    const mean = of.reduce((sum, count) => sum + count, 0) / N;
    for (const count of of) expect(Math.abs(count - mean)).toBeLessThan(slack(mean / DRAWS));
    const capped = drawCohort(state, state.population, randomness(2)).sampling;
    expect(capped).toEqual({ poisson: { rate: 0.5, cap: 3, population: N, sizePublished: true } });
  });
});

test("a fixed cohort is exactly so many, each client and each two as likely as any other", () => {
  const state = job({ sampling: "fixed", size: 4 });
  const { of, sizes, together } = counted(state);
  expect(sizes[4]).toBe(DRAWS);
  for (const count of of) expect(Math.abs(count - DRAWS / 3)).toBeLessThan(slack(1 / 3));
  const both = (4 / N) * (3 / (N - 1));
  expect(Math.abs(together - both * DRAWS)).toBeLessThan(slack(both));
  const drawn = drawCohort(state, state.population, randomness(2));
  expect(drawn.sampling).toEqual({ fixed: { cohort: 4, population: N } });
  expect([...drawn.cohort].sort()).toEqual(drawn.cohort);
});

test("without central privacy nothing is proven to anybody", () => {
  const state = job({ sampling: "fixed", size: 4 }, { mode: "none" });
  expect(drawCohort(state, state.population, randomness(1)).sampling).toBeUndefined();
});

test("what is told of a cohort's size is known beforehand", () => {
  const size = (cohort: Record<string, unknown>) => publicCohortSize(job(cohort).plan, N);
  expect(size({ sampling: "full" })).toBe(N);
  expect(size({ sampling: "fixed", size: 5 })).toBe(5);
  expect(size({ sampling: "poisson", rate: 0.3 })).toBe(3);
  expect(size({ sampling: "poisson", rate: 0.3, cap: 2 })).toBe(2);
  expect(size({ sampling: "poisson", rate: 0.01 })).toBe(1);
});

describe("trees of rounds", () => {
  const tree = { numLeaves: 8, minSeparation: 3, maxParticipations: 2 };

  /** Everybody who is asked answers, for this many rounds. */
  function rounds(count: number, size: number, settings = tree): ClientId[][] {
    let state = job({ sampling: "fixed", size }, { ...CENTRAL, tree: settings }, count);
    const random = randomness(3);
    return Array.from({ length: count }, (_, i) => {
      state = { ...state, stage: { name: "ready", round: i + 1, attempt: 0 } };
      const { cohort, sampling } = drawCohort(state, state.population, random);
      expect(sampling).toBe("full");
      state = { ...state, participations: withParticipations(state, i + 1, cohort) };
      return [...cohort];
    });
  }

  test("are filled to the last place without anybody coming too soon or too often", () => {
    const cohorts = rounds(24, 3);
    for (const cohort of cohorts) expect(cohort).toHaveLength(3);
    for (const clientId of Array.from({ length: N }, (_, i) => clientNo(i))) {
      const taken = cohorts.flatMap((cohort, i) => (cohort.includes(clientId) ? [i] : []));
      for (const [k, at] of taken.slice(1).entries()) expect(at - (taken[k] as number)).toBeGreaterThanOrEqual(3);
      for (const first of [0, 8, 16]) {
        const inTree = taken.filter((at) => at >= first && at < first + 8);
        expect(inTree.length).toBeLessThanOrEqual(2);
      }
    }
  });

  test("take turns that do not depend on who answers, only on who was asked", () => {
    const turns = (answers: (clientId: ClientId) => boolean) => {
      let state = job({ sampling: "fixed", size: 2 }, { ...CENTRAL, tree }, 8);
      const random = randomness(5);
      return Array.from({ length: 8 }, (_, i) => {
        state = { ...state, stage: { name: "ready", round: i + 1, attempt: 0 } };
        const { cohort } = drawCohort(state, state.population, random);
        const of = { jobId: state.jobId, round: i + 1, attempt: 0 };
        const opened = { ...of, type: "RoundOpened", serverNonce: "", cohort, openedAtMs: 0 } as const;
        const rows = cohort.filter(answers).map((clientId) => ({ clientId, updateId: "", payloadSha256: "" }));
        const absent = cohort.filter((clientId) => !answers(clientId));
        const closed = {
          ...of,
          type: "RoundClosed",
          rows,
          absent,
          distancePath: "fast",
          seeds: [],
          closedAtMs: 0,
        } as const;
        state = [opened, closed].reduce((before, event) => evolve(before, event as JobEvent), state);
        return cohort;
      });
    };
    expect(turns((clientId) => clientId !== clientNo(0))).toEqual(turns(() => true));
  });

  test("leave out whoever has no part left, and let it in again when the next tree begins", () => {
    const once = { numLeaves: 4, minSeparation: 1, maxParticipations: 1 };
    const cohorts = rounds(8, 12, once);
    expect(cohorts.map((cohort) => cohort.length)).toEqual([12, 0, 0, 0, 12, 0, 0, 0]);
  });

  test("hold a client back until the separation has passed", () => {
    let state = job({ sampling: "full" }, { ...CENTRAL, tree });
    state = { ...state, participations: withParticipations(state, 2, [clientNo(0)]) };
    expect([3, 4, 5].map((round) => mayTakePart(state, clientNo(0), round))).toEqual([false, false, true]);
    expect(mayTakePart(state, clientNo(1), 3)).toBe(true);
  });
});
