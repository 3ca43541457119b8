import { describe, expect, test } from "vitest";
import { clientIdOf } from "../ids.ts";
import { boundOf } from "./accountants/accountant.ts";
import { recomputedAccount, recomputedEpsilon } from "./recompute.ts";

const [north, east, west] = ["north", "east", "west"].map(clientIdOf) as [
  ReturnType<typeof clientIdOf>,
  ReturnType<typeof clientIdOf>,
  ReturnType<typeof clientIdOf>,
];
const mechanism = { mechanism: "gaussian", noiseMultiplier: 2, adjacency: "zero-out", sampling: "full" } as const;
const claim = { unit: "client", adjacency: "zero-out", delta: 1e-5 } as const;
const started = (jobId: string, ...population: string[]) => ({
  type: "JobStarted",
  jobId,
  population,
  plan: { any: 1 },
});
const charged = (jobId: string, changes: object = {}) => ({
  type: "ChargeReserved",
  jobId,
  round: 1,
  mechanism,
  ...changes,
});
const TREE = {
  mechanism: "tree",
  noiseMultiplier: 3,
  adjacency: "zero-out",
  numLeaves: 4,
  minSeparation: 0,
  maxParticipations: 4,
};
const COINS = { rate: 0.1, population: 2 ** 52 };
const drawn = (sampling: object) => ({ mechanism: { ...mechanism, sampling } });
const LEDGER = [
  { type: "FederationCreated", name: "test" },
  started("a", north, east),
  charged("a"),
  started("b", east, west),
  charged("b"),
  charged("b", { clients: [west] }),
  { type: "RoundAbandoned", jobId: "b" },
];
const epsilonAfter = (times: number) => boundOf([{ mechanism, times }], claim.delta).epsilon;

test("each client adds up what it was charged, in every job it was in", () => {
  const times = [north, east, west].map((id) => recomputedEpsilon(LEDGER, id, claim).epsilon);
  expect(times).toEqual([1, 2, 2].map(epsilonAfter));
  expect(recomputedAccount(LEDGER, clientIdOf("nobody"))).toEqual([]);
});

test("a ledger that has lost a charge gives less: the difference is what gives it away", () => {
  const cut = LEDGER.filter((it) => it !== LEDGER[2]);
  expect(recomputedEpsilon(cut, east, claim).epsilon).toBeLessThan(recomputedEpsilon(LEDGER, east, claim).epsilon);
});

describe("what cannot be counted is refused, not left out", () => {
  test.each([
    ["a charge of a job that never started", charged("c")],
    ["noise of nothing", charged("a", { mechanism: { ...mechanism, noiseMultiplier: 0 } })],
    ["a mechanism that nobody knows", charged("a", { mechanism: { ...mechanism, mechanism: "laplace" } })],
    ["sampling that nobody knows", charged("a", { mechanism: { ...mechanism, sampling: { poisson: { rate: 2 } } } })],
    ["a draw from more clients than there are", charged("a", drawn({ poisson: { ...COINS, sizePublished: true } }))],
    ["a capped draw from as many", charged("a", drawn({ poisson: { ...COINS, cap: 10 } }))],
    ["a fixed draw from as many", charged("a", drawn({ fixed: { cohort: 10, population: 2 ** 52 } }))],
    ["a tree without end", charged("a", { mechanism: { ...TREE, numLeaves: 2 ** 52 } })],
    ["less than no times", charged("a", { times: -1 })],
    ["another unit", charged("a", { unit: "record" })],
  ])("%s", (_, event) => {
    const refused = expect.objectContaining({ code: "DATA_FILE_INVALID", message: expect.stringContaining("event 7") });
    expect(() => recomputedAccount([...LEDGER, event], north)).toThrow(refused);
  });
});

test("a round of a tree that was paid before costs nothing more", () => {
  const paid = [started("a", north), charged("a", { mechanism: TREE })];
  const again = [...paid, charged("a", { mechanism: TREE, times: 0 })];
  expect(recomputedAccount(again, north)).toEqual(recomputedAccount(paid, north));
});
