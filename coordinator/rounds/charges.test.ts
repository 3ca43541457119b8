import { describe, expect, test } from "vitest";
import { isRefusal, refuse } from "../../core/errors.ts";
import type { UpdateId } from "../../core/ids.ts";
import type { Mechanism, Sampling } from "../../core/privacy/accountants/mechanism.ts";
import { nextCharge } from "./charges.ts";
import type { AttemptCharge, EventOf } from "./events.ts";
import { evolve, type JobState } from "./job-state.ts";
import { type Command, decide, type RoundRules } from "./round.ts";
import { anyRule, clientNo, commitOf, digestNo, noWaits, testJob, testPlan } from "./testing.ts";

const N = 4;
const CENTRAL = { mode: "central", clipNorm: 1, noiseMultiplier: 2, delta: 1e-5, maxEpsilon: 10, onAbsence: "zero" };
const LOCAL = { mode: "local", clipNorm: 1, epsilon: 1, delta: 1e-5, maxEpsilon: 10 };
const GAUSSIAN: Mechanism = { mechanism: "gaussian", noiseMultiplier: 2, adjacency: "zero-out", sampling: "full" };

const rulesOf = (charge: AttemptCharge): RoundRules => ({ ...anyRule, charge });
const attemptOf = ({ stage }: JobState) =>
  stage.name === "ended" ? { round: 0, attempt: 0 } : { round: stage.round, attempt: stage.attempt };

function through(state: JobState, rules: RoundRules, ...commands: Command[]): JobState {
  return commands.reduce((before, command) => {
    const events = decide(before, command, rules);
    if (isRefusal(events)) throw new Error(events.detail);
    return events.reduce(evolve, before);
  }, state);
}

function chargesOf(state: JobState, rules: RoundRules, command: Command): EventOf<"ChargeReserved">[] {
  const events = decide(state, command, rules);
  if (isRefusal(events)) throw new Error(events.detail);
  return events.filter((event) => event.type === "ChargeReserved");
}

const open = (sampling?: Sampling): Command => ({
  type: "open",
  serverNonce: digestNo(9),
  cohort: [0, 1, 2].map(clientNo),
  sampling,
  nowMs: 1,
});
const deadline: Command = { type: "tick", waits: { ...noWaits, openForMs: 1_000 }, seed: digestNo(7), nowMs: 2 };
const ATTEMPT = { round: 1, attempt: 0 };
const decline = (client: number, pays?: true): Command => {
  return { type: "decline", attempt: ATTEMPT, clientId: clientNo(client), reason: "no", ...(pays && { pays }) };
};
const charge = (state: JobState, inputs: number): Command => {
  return { type: "charge", attempt: attemptOf(state), inputsSha256: digestNo(inputs) };
};

test("a charge says how the cohort was drawn, whatever the plan says of it", () => {
  const rules = rulesOf({ mechanism: GAUSSIAN });
  const job = testJob(testPlan({ privacy: CENTRAL }), N);
  const coins = { poisson: { rate: 0.25, population: N, sizePublished: true } } as const;
  for (const sampling of [coins, { fixed: { cohort: 3, population: N } }, "full"] as const) {
    const closed = through(job, rules, open(sampling), deadline);
    const mechanism = { ...GAUSSIAN, sampling };
    expect(chargesOf(closed, rules, charge(closed, 1))).toMatchObject([{ mechanism }]);
    expect(nextCharge(closed, rules.charge)).toMatchObject({ mechanism });
  }
});

test("coins that are said to hide how many came up amplify nothing: the log tells it", () => {
  const rules = rulesOf({ mechanism: GAUSSIAN });
  const secret = { poisson: { rate: 0.25 } } as const;
  const closed = through(testJob(testPlan({ privacy: CENTRAL }), N), rules, open(secret), deadline);
  expect(chargesOf(closed, rules, charge(closed, 1))).toMatchObject([{ mechanism: { ...GAUSSIAN, sampling: "full" } }]);
});

test("an attempt of an older journal, which does not say, is charged as if everybody had been asked", () => {
  const rules = rulesOf({ mechanism: { ...GAUSSIAN, sampling: { poisson: { rate: 0.1 } } } });
  const closed = through(testJob(testPlan({ privacy: CENTRAL }), N), rules, open(), deadline);
  expect(chargesOf(closed, rules, charge(closed, 1))).toMatchObject([{ mechanism: GAUSSIAN }]);
  // what the budget is asked for is what will be charged
  expect(nextCharge(closed, rules.charge)).toMatchObject({ mechanism: GAUSSIAN });
});

describe("a tree of rounds", () => {
  const settings = { numLeaves: 2, maxParticipations: 2 };
  const rules = rulesOf({
    mechanism: {
      mechanism: "tree",
      noiseMultiplier: 2,
      adjacency: "zero-out",
      numLeaves: 2,
      minSeparation: 0,
      maxParticipations: 2,
    },
  });
  const job = testJob(testPlan({ rounds: 5, privacy: { ...CENTRAL, tree: settings } }), N);

  /** Round after round, each charged once; what each of them paid, and what it was said to cost before. */
  function paid(count: number) {
    let state = job;
    return Array.from({ length: count }, (_, i) => {
      const expected = nextCharge(state, rules.charge)?.times ?? 1;
      state = through(state, rules, open("full"), deadline);
      const [reserved] = chargesOf(state, rules, charge(state, i));
      state = through(state, rules, charge(state, i));
      expect(chargesOf(state, rules, charge(state, i))).toEqual([]);
      const again = chargesOf(state, rules, charge(state, 100))[0]?.times ?? 1;
      state = through(state, rules, commitOf(attemptOf(state), i));
      return { expected, times: reserved?.times ?? 1, again };
    });
  }

  test("is paid in its first round, and not again before the next tree; other inputs are a second release", () => {
    const once = { expected: 1, times: 1, again: 1 };
    const free = { expected: 0, times: 0, again: 1 };
    expect(paid(5)).toEqual([once, free, once, free, once]);
  });

  test("a turn that everybody declined is of zero vectors, and costs no more than was reserved for it", () => {
    const declines = [0, 1, 2].map((i) => ({ ...decline(i), attempt: { round: 2, attempt: 0 } }) as Command);
    let state = through(job, rules, open("full"), deadline);
    state = through(state, rules, charge(state, 1));
    state = through(state, rules, commitOf(attemptOf(state), 1));
    expect(nextCharge(state, rules.charge)?.times).toBe(0);
    state = through(state, rules, open("full"), ...declines, deadline);
    expect(state.stage.name).toBe("closed");
    expect(chargesOf(state, rules, charge(state, 2))).toMatchObject([{ times: 0 }]);
  });

  test("ends before a turn for which too few are left: given up, it would cost a tree that nobody reserved", () => {
    const atLeast = (n: number): RoundRules => ({
      ...rules,
      feasible: ({ length }) => (length < n ? refuse("INFEASIBLE_RULE", `${length} are too few`) : undefined),
    });
    const ends = decide(job, open("full"), atLeast(4));
    expect(ends).toMatchObject([{ type: "JobEnded", outcome: "failed", reason: "3 are too few" }]);
    expect(decide(job, open("full"), atLeast(3))).toMatchObject([{ type: "RoundOpened" }]);
  });

  test("is not paid by an attempt that released nothing", () => {
    const stopped = through(job, rules, open("full"), { type: "stop", reason: "enough", nowMs: 3 });
    expect(stopped.paidTree).toBeUndefined();
  });
});

describe("where clients add the noise", () => {
  const mechanism: Mechanism = { ...GAUSSIAN, adjacency: "replace-one" };
  const rules = rulesOf({ mechanism });
  const opened = (minUpdates = 1) => {
    const round = { quorum: 3, minUpdates, deadlineMs: 1_000 };
    return through(testJob(testPlan({ privacy: LOCAL, round }), N), rules, open());
  };
  const clients = (...numbers: number[]) => [{ mechanism, clients: numbers.map(clientNo) }];

  test("everybody who was asked and did not decline pays, whether the round closes, is given up or is stopped", () => {
    const state = through(opened(), rules, decline(1));
    expect(chargesOf(state, rules, deadline)).toMatchObject(clients(0, 2));
    expect(chargesOf(state, rules, { type: "stop", reason: "enough", nowMs: 3 })).toMatchObject(clients(0, 2));
    const declinedByMost = through(opened(3), rules, decline(1));
    expect(chargesOf(declinedByMost, rules, deadline)).toMatchObject(clients(0, 2));
  });

  test("a client in whose place it was declined pays, and so does one whose upload had begun, or begins after all", () => {
    for (const declined of [[decline(1, true)], [decline(1), decline(1, true)]]) {
      const state = through(opened(), rules, ...declined, decline(2));
      expect(chargesOf(state, rules, deadline)).toMatchObject(clients(0, 1));
      expect(chargesOf(through(state, rules, decline(1)), rules, deadline)).toMatchObject(clients(0, 1));
    }
  });

  test("a client whose update was admitted pays, whatever it said before", () => {
    const update = { clientId: clientNo(1), updateId: digestNo(1) as string as UpdateId, payloadSha256: digestNo(2) };
    const values = { clientSeq: 1, norm: 1, weight: 1, receivedAtMs: 2 };
    const admit: Command = { type: "admit", attempt: ATTEMPT, update: { ...update, ...values } };
    const state = through(opened(), rules, decline(1), decline(2), admit);
    expect(chargesOf(state, rules, deadline)).toMatchObject(clients(0, 1));
  });

  test("nobody pays where all have declined", () => {
    const state = through(opened(), rules, decline(0), decline(1), decline(2));
    expect(chargesOf(state, rules, deadline)).toEqual([]);
  });
});

test("a cohort of central privacy that declined is charged: it is a fact about the draw", () => {
  const rules = rulesOf({ mechanism: GAUSSIAN });
  const sampling = { fixed: { cohort: 3, population: N } };
  const job = testJob(testPlan({ privacy: CENTRAL }), N);
  const state = through(job, rules, open(sampling), decline(0), decline(1), decline(2));
  expect(chargesOf(state, rules, deadline)).toMatchObject([{ mechanism: { ...GAUSSIAN, sampling } }]);
});

test("what is stopped or closed under central privacy costs nothing before it is noised", () => {
  const rules = rulesOf({ mechanism: GAUSSIAN });
  const state = through(testJob(testPlan({ privacy: CENTRAL }), N), rules, open("full"));
  expect(chargesOf(state, rules, { type: "stop", reason: "enough", nowMs: 3 })).toEqual([]);
  expect(chargesOf(state, rules, deadline)).toEqual([]);
});
