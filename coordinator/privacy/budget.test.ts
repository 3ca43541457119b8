import { describe, expect, test } from "vitest";
import { asJobId, type ClientId, type JobId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { Account } from "../../core/privacy/account.ts";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import type { AttemptCharge, Event, EventOf } from "../rounds/events.ts";
import { clientNo, testPlan } from "../rounds/testing.ts";
import { type Budget, budgetOf } from "./budget.ts";
import { Ceilings } from "./ceilings.ts";
import { ChargeBook } from "./charge-book.ts";
import { highestEpsilon } from "./epsilons.ts";

const DELTA = 1e-3;
const [A, B] = ["0a", "0b"].map((byte) => asJobId(byte.repeat(16))) as [JobId, JobId];
const mechanism = { mechanism: "gaussian", noiseMultiplier: 2, adjacency: "zero-out", sampling: "full" } as const;
const attempt: AttemptCharge = { mechanism };
const epsilonAfter = (times: number) => boundOf([{ mechanism, times }], DELTA).epsilon;
const clients = (...numbers: number[]) => numbers.map(clientNo);

function planOf(changes: Record<string, unknown> = {}): Plan {
  const central = { mode: "central", clipNorm: 1, noiseMultiplier: 2, delta: DELTA, maxEpsilon: 100 };
  return testPlan({ privacy: { ...central, ...changes } });
}

/** A book, and what happens to it. */
function ledger(ceilings = new Ceilings()) {
  const book = new ChargeBook();
  const round = { round: 1, attempt: 0 };
  const happen = (event: Partial<Event>, next?: AttemptCharge) => book.note({ ...round, ...event } as Event, next);
  return {
    book,
    ceilings,
    start(jobId: JobId, population: readonly ClientId[], plan = planOf()): Budget {
      happen({ type: "JobStarted", jobId, population, plan } as EventOf<"JobStarted">);
      return budgetOf({ jobId, plan }, book, { ceilings, nameOf: (id) => `name of ${id}` });
    },
    open: (jobId: JobId, next = attempt) => happen({ type: "RoundOpened", jobId }, next),
    charge: (jobId: JobId, charge = attempt) => happen({ type: "ChargeReserved", jobId, ...charge } as Event),
    abandon: (jobId: JobId) => happen({ type: "RoundAbandoned", jobId }),
  };
}

describe("two jobs over the same clients", () => {
  test("cannot spend the same rest: an open round counts for every other job from its opening", () => {
    const { start, open, charge } = ledger();
    const limited = planOf({ maxEpsilon: epsilonAfter(1) * 1.1 });
    const [a, b] = [start(A, clients(1, 2), limited), start(B, clients(1, 2), limited)];
    const room = () => [a, b].map((it) => it.refused(attempt) === undefined);
    expect(room()).toEqual([true, true]);
    open(A);
    expect(room()).toEqual([true, false]);
    expect(b.refused(attempt)).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
    expect(b.spent()).toBeCloseTo(epsilonAfter(1), 12);
    expect(a.spent()).toBe(0);
    charge(A);
    expect(room()).toEqual([false, false]);
  });

  test("an abandoned round gives its place back; what it was charged stays", () => {
    const { start, open, charge, abandon } = ledger();
    const b = start(B, clients(1));
    start(A, clients(1));
    open(A);
    abandon(A);
    expect(b.spent()).toBe(0);
    open(A);
    charge(A);
    abandon(A);
    expect(b.spent()).toBeCloseTo(epsilonAfter(1), 12);
  });

  test("one that comes after another, as fine-tuning does, goes on from what that one was charged", () => {
    const { start, charge } = ledger();
    start(A, clients(1, 2));
    for (let round = 0; round < 3; round++) charge(A);
    const tuned = start(B, clients(1, 2));
    expect(tuned.spent()).toBeCloseTo(epsilonAfter(3), 12);
    expect(tuned.afterNext(attempt)).toBeCloseTo(epsilonAfter(4), 12);
  });
});

describe("people", () => {
  test("who are in both of two jobs are charged for both; the others are not", () => {
    const { start, charge } = ledger();
    const [a, b] = [start(A, clients(1, 2)), start(B, clients(2, 3))];
    charge(A);
    charge(B);
    charge(B);
    expect([a.spent(), b.spent()]).toEqual([epsilonAfter(3), epsilonAfter(3)]);
    const apart = ledger();
    const [c, d] = [apart.start(A, clients(1, 2)), apart.start(B, clients(3))];
    apart.charge(A);
    expect([c.spent(), d.spent()]).toEqual([epsilonAfter(1), 0]);
  });

  test("are charged by themselves where the charge names them: the budget is that of who was charged most", () => {
    const { start, charge } = ledger();
    const a = start(A, clients(1, 2, 3));
    charge(A, { mechanism, clients: clients(1, 2) });
    charge(A, { mechanism, clients: clients(2, 3) });
    charge(A, { mechanism, clients: clients(2) });
    expect(a.spent()).toBeCloseTo(epsilonAfter(3), 12);
    expect(a.afterNext({ mechanism, clients: clients(1, 3) })).toBeCloseTo(epsilonAfter(3), 12);
  });
});

test("who was charged no more of anything than another client is not computed: it cannot be the highest", () => {
  const { start, charge, book } = ledger();
  start(A, clients(0, 1, 2, 3, 4, 5, 6));
  start(B, clients(6, 7));
  for (let i = 0; i < 6; i++) for (let n = 0; n < i; n++) charge(A, { mechanism, clients: clients(i) });
  charge(A, { mechanism: { ...mechanism, noiseMultiplier: 1 }, clients: clients(6) });
  const asked: number[] = [];
  const times = (account: Account) => account.reduce((sum, it) => sum + it.times, 0);
  const highest = highestEpsilon(book.accounts(A), (account) => asked.push(times(account)) && times(account));
  expect(asked).toEqual([5, 1]);
  expect(highest).toBe(5);
  expect(highestEpsilon(new Map(), times)).toBe(0);
});

describe("a plan", () => {
  test("without privacy has no epsilon", () => {
    const { start } = ledger();
    const budget = start(A, clients(1), testPlan());
    expect([budget.spent(), budget.afterNext(undefined), budget.refused(undefined)]).toEqual([null, null, undefined]);
  });

  test("may name its accountant", () => {
    const { start, charge } = ledger();
    const [rdp, pld] = [planOf({ accountant: "rdp" }), planOf({ accountant: "pld" })];
    const budgets = [start(A, clients(1), rdp), start(B, clients(1), pld)];
    charge(A);
    const charges = [{ mechanism, times: 1 }];
    expect(budgets.map((it) => it.spent())).toEqual([
      boundOf(charges, DELTA, "rdp").epsilon,
      boundOf(charges, DELTA, "pld").epsilon,
    ]);
  });

  test("stops before the round that would exceed, not after it", () => {
    const { start, charge } = ledger();
    const budget = start(A, clients(1), planOf({ maxEpsilon: epsilonAfter(3) }));
    let rounds = 0;
    for (; budget.refused(attempt) === undefined; rounds++) charge(A);
    expect(rounds).toBe(3);
    expect(budget.spent()).toBeLessThanOrEqual(epsilonAfter(3));
    expect(budget.refused({ ...attempt, times: 0 })).toBeUndefined();
  });

  test("in which clients add the noise is charged for what they attest, in the terms of their examples", () => {
    const { start, charge } = ledger();
    const example = { mode: "example", clipNorm: 1, noiseMultiplier: 2, sampleRate: 1, delta: DELTA, maxEpsilon: 9 };
    const [a, b] = [start(A, clients(1), testPlan({ privacy: example })), start(B, clients(1))];
    charge(A, { mechanism, times: 5, unit: "example", clients: clients(1) });
    expect(a.spent()).toBeCloseTo(epsilonAfter(5), 12);
    expect(b.spent()).toBe(0);
  });
});

describe("a ceiling", () => {
  const ceiling = { maxEpsilon: epsilonAfter(2), delta: DELTA, adjacency: "zero-out" } as const;

  test("stops every job over its clients before the round that would exceed it, whatever their plans allow", () => {
    const { start, charge, ceilings } = ledger();
    const [a, b] = [start(A, clients(1, 2)), start(B, clients(3))];
    ceilings.set(clientNo(2), ceiling);
    charge(A);
    expect(a.refused(attempt)).toBeUndefined();
    charge(A);
    expect(a.refused(attempt)).toMatchObject({
      refused: "PRIVACY_BUDGET_SPENT",
      detail: expect.stringMatching(`^client name of ${clientNo(2)}: .* above the ceiling of `),
    });
    for (let round = 0; round < 3; round++) charge(B);
    expect(b.refused(attempt)).toBeUndefined();
    ceilings.set("everyone", ceiling);
    expect(b.refused(attempt)).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
  });

  test.each(["none", "example"])("leaves no room for jobs of mode %s, which no epsilon of clients covers", (mode) => {
    const { start, ceilings } = ledger();
    const example = { mode: "example", clipNorm: 1, noiseMultiplier: 2, sampleRate: 1, delta: DELTA, maxEpsilon: 9 };
    const budget = start(A, clients(1), mode === "none" ? testPlan() : testPlan({ privacy: example }));
    expect(budget.refused(undefined)).toBeUndefined();
    ceilings.set(clientNo(1), ceiling);
    expect(budget.refused(undefined)).toMatchObject({
      refused: "PRIVACY_BUDGET_SPENT",
      detail: expect.stringContaining("accepted: mode central or local"),
    });
    ceilings.set(clientNo(1), undefined);
    expect(budget.refused(undefined)).toBeUndefined();
  });
});
