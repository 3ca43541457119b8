import { expect, test } from "vitest";
import { isRefusal } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import type { EventOf, JobEvent } from "./events.ts";
import { evolve, type JobState, standingOf } from "./job-state.ts";
import type { Finding } from "./reputation.ts";
import { type Command, decide } from "./round.ts";
import { anyRule, clientNo, commitOf, digestNo, noWaits, testJob, testPlan } from "./testing.ts";

const N = 6;
const ALL = Array.from({ length: N }, (_, i) => clientNo(i));
const PLAN = {
  rounds: 100,
  round: { quorum: 4, minUpdates: 4 },
  aggregation: { rule: { name: "TrimmedMean" }, numByzantine: 2 },
  reputation: { mode: "quarantine", decay: 0.8, threshold: 0.5, minRounds: 3 },
};

function events(state: JobState, command: Command): readonly JobEvent[] {
  const decided = decide(state, command, anyRule);
  if (isRefusal(decided)) throw new Error(decided.detail);
  return decided;
}

const apply = (state: JobState, command: Command) => events(state, command).reduce(evolve, state);

/** One whole round: everybody answers, the clients of these numbers stand out. */
function playRound(
  state: JobState,
  suspects: readonly number[],
  eligible: readonly ClientId[] = ALL,
  numQuarantined = N - eligible.length,
) {
  if (state.stage.name !== "ready") throw new Error("a round is under way");
  const { round } = state.stage;
  const attempt = { round, attempt: 0 };
  let next = apply(state, { type: "open", serverNonce: digestNo(9), cohort: eligible, nowMs: 0 });
  for (const [i, clientId] of eligible.entries()) {
    const update = { clientId, updateId: digestNo(1_000 * round + i), payloadSha256: digestNo(100 + i) };
    const admitted = { ...update, clientSeq: 10 * round, norm: 1, weight: 1, receivedAtMs: 7 };
    next = apply(next, { type: "admit", attempt, update: admitted });
  }
  next = apply(next, { type: "tick", waits: noWaits, seed: digestNo(5), nowMs: 9 });
  const findings = new Map<ClientId, readonly Finding[]>(suspects.map((i) => [clientNo(i), ["norm", "opposed"]]));
  const decided = events(next, commitOf(attempt, 50 + round, findings, eligible, numQuarantined));
  return { state: decided.reduce(evolve, next), decided };
}

const typed = <Type extends JobEvent["type"]>(decided: readonly JobEvent[], type: Type) =>
  decided.filter((event): event is EventOf<Type> => event.type === type);

test("evidence of several rounds leads to quarantine, journaled with the version of the round that completed it", () => {
  let state = testJob(testPlan(PLAN), N);
  for (let round = 1; round <= 3; round++) {
    const played = playRound(state, [2]);
    expect(played.decided.map((it) => it.type)).toEqual(["RoundDiagnosed", "VersionCommitted"]);
    state = played.state;
  }
  expect(standingOf(state, clientNo(2))).toMatchObject({ suspectRounds: 3 });
  expect(standingOf(state, clientNo(1))).toEqual({ reputation: 1, suspectRounds: 0 });
  const last = playRound(state, [2]);
  expect(last.decided.map((it) => it.type)).toEqual(["RoundDiagnosed", "VersionCommitted", "ClientQuarantined"]);
  expect(typed(last.decided, "ClientQuarantined")).toMatchObject([
    { clientId: clientNo(2), suspectRounds: 4, round: 4 },
  ]);
});

test("by default a plan only observes", () => {
  const { reputation: _, ...observing } = PLAN;
  let state = testJob(testPlan(observing), N);
  for (let round = 1; round <= 10; round++) {
    const played = playRound(state, [2]);
    state = played.state;
    expect(typed(played.decided, "ClientQuarantined")).toEqual([]);
  }
  expect(standingOf(state, clientNo(2)).reputation).toBeLessThan(0.2);
});

test("never more than numByzantine, the worst first", () => {
  const plan = testPlan({ ...PLAN, round: { quorum: 3, minUpdates: 3 } });
  let state = playRound(testJob(plan, N), [3]).state;
  const quarantined: ClientId[] = [];
  for (let round = 2; round <= 12; round++) {
    const eligible = ALL.filter((id) => !quarantined.includes(id));
    const played = playRound(state, [0, 3, 5], eligible);
    state = played.state;
    quarantined.push(...typed(played.decided, "ClientQuarantined").map((it) => it.clientId));
  }
  expect(quarantined).toEqual([clientNo(3), clientNo(0)]);
});

test("whom other jobs put into quarantine counts as well", () => {
  const quarantinedWith = (numQuarantined: number) => {
    let state = testJob(testPlan(PLAN), N);
    for (let round = 1; round <= 3; round++) state = playRound(state, [0, 3]).state;
    return typed(playRound(state, [0, 3], ALL, numQuarantined).decided, "ClientQuarantined").length;
  };
  expect([0, 1, 2, 3].map(quarantinedWith)).toEqual([2, 1, 0, 0]);
});

test("never so many that the rest cannot reach the quorum, though they could make a round", () => {
  let state = testJob(testPlan({ ...PLAN, round: { quorum: 5, minUpdates: 3 } }), N);
  const quarantined: ClientId[] = [];
  for (let round = 1; round <= 8; round++) {
    const eligible = ALL.filter((id) => !quarantined.includes(id));
    const played = playRound(state, [0, 3], eligible);
    state = played.state;
    quarantined.push(...typed(played.decided, "ClientQuarantined").map((it) => it.clientId));
  }
  expect(quarantined).toEqual([clientNo(0)]);
});

test("under central privacy nobody is left out: whom a round asks must not depend on what is thought of anybody", () => {
  const privacy = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10 };
  let state = testJob(testPlan({ ...PLAN, privacy }), N);
  for (let round = 1; round <= 8; round++) {
    const played = playRound(state, [0]);
    state = played.state;
    expect(typed(played.decided, "ClientQuarantined")).toEqual([]);
  }
});

test("a release wipes the record; what came before it no longer counts", () => {
  let state = testJob(testPlan(PLAN), N);
  for (let round = 1; round <= 4; round++) state = playRound(state, [2]).state;
  const released = { type: "ClientReleased", clientId: clientNo(2), releasedBy: "", reason: "", atMs: 0 } as const;
  state = evolve(state, released);
  expect(standingOf(state, clientNo(2))).toEqual({ reputation: 1, suspectRounds: 0 });
  for (let round = 5; round <= 7; round++) {
    const played = playRound(state, [2]);
    state = played.state;
    expect(typed(played.decided, "ClientQuarantined")).toEqual([]);
  }
});

test("refused updates and equivocation count without any figure, over all attempts of a round", () => {
  let state = testJob(testPlan(PLAN), N);
  const attempt = { round: 1, attempt: 0 };
  const refusal: Command = {
    type: "refuse",
    attempt,
    clientId: clientNo(2),
    updateId: digestNo(4),
    payloadSha256: digestNo(5),
    clientSeq: 1,
    code: "NOT_FINITE",
    nowMs: 1,
  };
  state = apply(state, { type: "open", serverNonce: digestNo(9), cohort: ALL, nowMs: 0 });
  state = apply(state, refusal);
  state = apply(state, { type: "tick", waits: { ...noWaits, openForMs: 1e9 }, seed: digestNo(5), nowMs: 9 });
  expect(state.stage).toMatchObject({ name: "ready", attempt: 1 });
  expect(state.faults.get(clientNo(2))).toEqual(["refusal"]);
  state = { ...state, stage: { name: "ready", round: 1, attempt: 0 } };
  const { state: committed, decided } = playRound(state, []);
  expect(typed(decided, "RoundDiagnosed")[0]?.standings).toEqual([
    { clientId: clientNo(2), reputation: 0.8, suspectRounds: 1, findings: ["refusal"] },
  ]);
  expect(committed.faults.size).toBe(0);
  const clean = playRound(committed, []);
  expect(standingOf(clean.state, clientNo(2)).reputation).toBeGreaterThan(0.8);
});
