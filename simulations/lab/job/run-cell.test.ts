import { describe, expect, test } from "vitest";
import { floatDataset } from "../../../core/data/dataset.ts";
import type { CentralPrivacy } from "../../../core/plan-privacy.ts";
import { boundOf } from "../../../core/privacy/accountants/accountant.ts";
import type { Sampling } from "../../../core/privacy/accountants/mechanism.ts";
import { parseAttack } from "../../attacks/registry.ts";
import { openData } from "../../data/settings.ts";
import type { TransportName } from "../federation/wire.ts";
import type { Cell } from "../scenario/cell.ts";
import { smallCell } from "../testing.ts";
import { whyInfeasible } from "./lab-plan.ts";
import { type CellRun, hasRun } from "./result.ts";
import { runCell } from "./run-cell.ts";

async function run(changes: Partial<Cell> = {}, transport: TransportName = "memory"): Promise<CellRun> {
  const cell = smallCell(changes);
  const data = await openData(cell.data, ".");
  const now = () => performance.now();
  const result = await runCell(cell, { data, transport, baseFolder: ".", now, progress: () => undefined });
  if (!hasRun(result)) throw new Error(result.reason);
  return result;
}

test("the same cell gives the same models, another seed others; over gRPC they are the same ones", async () => {
  const first = await run();
  expect(first).toMatchObject({ outcome: "completed", reason: "all rounds committed" });
  expect(first.rounds.map((it) => it.admitted)).toEqual([6, 6, 6]);
  expect((await run()).versionsSha256).toBe(first.versionsSha256);
  expect((await run({}, "grpc")).versionsSha256).toBe(first.versionsSha256);
  expect((await run({ seed: 1 })).versionsSha256).not.toBe(first.versionsSha256);
});

test("an attack that the mean cannot bear, and the median can; who attacked is in the measures", async () => {
  const strong = { attack: parseAttack("SignFlipping:scale=10"), rounds: 6 };
  const fedAvg = { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } };
  const [honest, mean, median] = await Promise.all([
    run({ attack: null, attackers: 0, rounds: 6 }),
    run({ ...strong, defence: fedAvg }),
    run(strong),
  ]);
  expect(honest.accuracy).toBeGreaterThan(0.85);
  expect(mean.accuracy).toBeLessThan(0.5);
  expect(median.accuracy).toBeGreaterThan(0.75);
  expect(median.clients.filter((it) => it.isAttacker).map((it) => it.name)).toEqual(["client-5", "client-6"]);
  expect(median.rounds.every((it) => it.attackers === 2)).toBe(true);
  expect(median.rounds.at(-1)?.attackersFlagged).toBe(2);
});

test("a model that stands still, round after round, is there for the next one", async () => {
  const data = { name: "synthetic", inputs: 10_000, classes: 3, train: 30, test: 9, noiseStdDev: 1, seed: 0 } as const;
  const krum = { label: "Krum", preAggregators: [], rule: { name: "Krum" } };
  const attack = parseAttack("FreeRider:disguise=zero");
  const still = await run({ data, attack, defence: krum, clients: 7, rounds: 6 });
  expect(still).toMatchObject({ outcome: "completed" });
  // attackers that agree in everything are one another's nearest
  expect(new Set(still.rounds.map((it) => it.accuracy)).size).toBe(1);
});

test("adversaries who read the honest deltas and the rule meet them every round", async () => {
  for (const name of [
    "InnerProductManipulation",
    "OptimalALIE",
    "Mimic",
    "Mimic:client=3",
    "Fang",
    "ALittleIsEnough",
  ]) {
    expect(await run({ attack: parseAttack(name) })).toMatchObject({ outcome: "completed" });
  }
});

test("updates that admission refuses, and clients that say nothing, leave rounds of the others", async () => {
  const refused = await run({ attack: parseAttack("NonFinite"), numByzantine: 1 });
  expect(refused.rounds.map(({ admitted, refused: it }) => [admitted, it])).toEqual([
    [4, 2],
    [4, 2],
    [4, 2],
  ]);
  const silent = await run({ attack: parseAttack("Dropout"), numByzantine: 1 });
  expect(silent.rounds.map(({ admitted }) => admitted)).toEqual([4, 4, 4]);
});

test("who answers now and then is there in the rounds that the seed says, in whatever order answers come", async () => {
  const changes = { attack: parseAttack("Dropout:rate=0.5"), numByzantine: 1, rounds: 8 };
  const first = await run(changes);
  const admitted = first.rounds.map((it) => it.admitted);
  expect(new Set(admitted).size).toBeGreaterThan(1);
  expect(admitted.every((it) => it >= 4 && it <= 6)).toBe(true);
  const again = await run(changes);
  expect(again.rounds.map((it) => it.admitted)).toEqual(admitted);
  expect(again.versionsSha256).toBe(first.versionsSha256);
  const until = await run({ ...changes, attack: parseAttack("Dropout"), attackRounds: { from: 3, to: 4 }, rounds: 5 });
  expect(until.rounds.map((it) => it.admitted)).toEqual([6, 6, 4, 4, 6]);
});

describe("quarantine", () => {
  const reputation = { mode: "quarantine", decay: 0.5, threshold: 0.5, minRounds: 2 } as const;

  test.each([
    ["SignFlipping:scale=10", [7, 7, 5, 5, 5], [2, 2, 0, 0, 0]],
    ["NonFinite", [5, 5, 5, 5, 5], [2, 2, 0, 0, 0]],
  ])(
    "whoever is found out with %s is not asked any more; rounds go on with the others",
    async (attack, admitted, attackers) => {
      const { rounds } = await run({ attack: parseAttack(attack), clients: 7, reputation, rounds: 5 });
      expect(rounds.map((it) => it.admitted)).toEqual(admitted);
      expect(rounds.map((it) => it.attackers)).toEqual(attackers);
    },
  );

  test("where others are silent, nobody who answers is missed, though the quorum is less", async () => {
    const silent = { attack: parseAttack("Dropout"), clients: 7, numByzantine: 1, reputation };
    expect((await run(silent)).rounds.map((it) => it.admitted)).toEqual([5, 5, 5]);
  });

  test("does not come before honest clients are too few for the rule, nor where coins draw; both are said", async () => {
    expect(whyInfeasible(smallCell({ reputation, clients: 7 }))).toBeUndefined();
    const krum = { label: "Krum", preAggregators: [], rule: { name: "Krum" } };
    const refusal = whyInfeasible(smallCell({ reputation, defence: krum, clients: 8 }));
    expect(refusal?.detail).toContain("it would get 6");
    const coins = whyInfeasible(smallCell({ reputation, cohort: { sampling: "poisson", rate: 0.5 } }));
    expect(coins?.detail).toContain("it needs cohort.sampling full or fixed");
  });
});

test("an attack that stops leaves honest clients behind", async () => {
  const attack = parseAttack("SignFlipping:scale=10");
  const stopped = await run({ attack, attackRounds: { from: 1, to: 1 } });
  expect(stopped.rounds.map((it) => it.attackersFlagged)).toEqual([2, 0, 0]);
});

test("a targeted attack's success is judged, and every so many rounds", async () => {
  const { rounds } = await run({
    attack: parseAttack("LabelFlipping"),
    rounds: 5,
    evaluation: { everyRounds: 2, examples: 50 },
  });
  expect(rounds.map((it) => it.accuracy !== null)).toEqual([false, true, false, true, true]);
  expect(rounds.at(-1)?.attackSuccess).toBeTypeOf("number");
});

test("of an attack that aims at no example there is no success to tell", async () => {
  const { attackSuccess } = await run({ attack: parseAttack("LabelFlipping:source=1,target=1"), rounds: 1 });
  expect(attackSuccess).toBeNull();
});

test("labels turned from one class to another are learnt where those who turn them are many enough", async () => {
  const fedAvg = { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } };
  const success = async (attackers: number) => {
    const attack = parseAttack("LabelFlipping:source=1,target=2");
    return (await run({ attack, attackers, defence: fedAvg, rounds: 6 })).attackSuccess as number;
  };
  expect(await success(1)).toBeLessThan(0.2);
  expect(await success(5)).toBeGreaterThan(0.8);
});

describe("central privacy, whose log does not tell who took part", () => {
  const clients = 20;
  const defence = { label: "FedAvg", preAggregators: [], rule: { name: "FedAvg" } };
  const privacy: CentralPrivacy = {
    mode: "central",
    clipNorm: 1,
    noiseMultiplier: 0.5,
    delta: 0.01,
    maxEpsilon: 1e4,
    adjacency: "replace-one",
    accountant: "rdp",
    onAbsence: "zero",
  };
  const fixed: Partial<Cell> = { clients, defence, privacy, cohort: { sampling: "fixed", size: 8 } };

  test("a sampled cohort is known to the lab and to an adversary who reads the honest deltas", async () => {
    for (const name of ["SignFlipping", "ALittleIsEnough", "OptimalIPM"]) {
      const { rounds, clients: measured, outcome } = await run({ ...fixed, attack: parseAttack(name), attackers: 8 });
      expect([name, outcome]).toEqual([name, "completed"]);
      expect(rounds.map((it) => it.admitted)).toEqual([8, 8, 8]);
      expect(rounds.every((it) => it.attackers > 0 && it.attackers < 8)).toBe(true);
      expect(measured.every((it) => /^client-\d\d$/.test(it.name))).toBe(true);
      const turns = measured.filter((it) => it.isAttacker).reduce((sum, it) => sum + it.rounds, 0);
      expect(turns).toBe(rounds.reduce((sum, it) => sum + it.attackers, 0));
    }
  });

  test("coins draw whom they draw, nobody at times, and the same over whatever transport", async () => {
    const changes: Partial<Cell> = {
      ...{ clients, defence, attack: parseAttack("InnerProductManipulation"), rounds: 6 },
      cohort: { sampling: "poisson", rate: 0.1 },
      privacy: { ...privacy, adjacency: "zero-out" },
    };
    const first = await run(changes);
    expect(new Set(first.rounds.map((it) => it.admitted)).size).toBeGreaterThan(1);
    expect((await run(changes, "grpc")).versionsSha256).toBe(first.versionsSha256);
  });

  test("what was spent is what a plan of so many rounds is charged, with what it means", async () => {
    const [full, sampled] = [await run({ ...fixed, cohort: { sampling: "full" } }), await run(fixed)];
    // one update replaced moves a sum by up to two clip norms: half the multiplier of one
    const mechanism = { mechanism: "gaussian", noiseMultiplier: 0.25, adjacency: "replace-one" } as const;
    const charged = (sampling: Sampling) =>
      boundOf([{ times: 3, mechanism: { ...mechanism, sampling } }], 0.01, "rdp").epsilon;
    expect(full.privacy?.epsilon).toBeCloseTo(charged("full"), 9);
    expect(sampled.privacy?.epsilon).toBeCloseTo(charged({ fixed: { cohort: 8, population: 20 } }), 9);
    expect(sampled.privacy?.contract).toMatchObject({ unit: "client", rounds: 3, delta: 0.01, clipNorm: 1 });
    expect((await run()).privacy).toBeUndefined();
  });

  test("a rule that no epsilon is known for is infeasible, and says what would be accepted", async () => {
    const data = await openData(smallCell().data, ".");
    const surroundings = {
      data,
      transport: "memory",
      baseFolder: ".",
      now: () => 0,
      progress: () => undefined,
    } as const;
    const result = await runCell(smallCell({ privacy }), surroundings);
    expect(result).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("accepted are FedAvg") });
    const spent = await runCell(smallCell({ ...fixed, privacy: { ...privacy, maxEpsilon: 0.1 } }), surroundings);
    expect(spent).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("maxEpsilon is 0.1") });
  });
});

test("FLTrust's root examples are taken out of the training set, and it holds what the mean cannot", async () => {
  const strong = {
    attack: parseAttack("SignFlipping:scale=10"),
    attackers: 3,
    rounds: 2,
    // every round starts a thread for the root update
    local: { ...smallCell().local, learningRate: 0.5 },
    rootDataset: { examples: 30 },
  };
  const defence = (name: string) => ({ label: name, preAggregators: [], rule: { name } });
  const trusted = await run({ ...strong, defence: defence("FLTrust") });
  const mean = await run({ ...strong, defence: defence("FedAvg") });
  expect(trusted.accuracy).toBeGreaterThan(0.75);
  expect(mean.accuracy).toBeLessThan(0.5);
  const optimal = await run({ ...strong, defence: defence("FLTrust"), attack: parseAttack("OptimalIPM"), rounds: 1 });
  expect(optimal.outcome).toBe("completed");
});

test("two hundred enrolled clients, ten of them asked each round, in one thread", async () => {
  const cohort = { sampling: "fixed", size: 10 } as const;
  const { rounds, clients } = await run({ clients: 200, attack: null, attackers: 0, cohort });
  expect(rounds.map((it) => it.admitted)).toEqual([10, 10, 10]);
  expect(clients.length).toBeGreaterThan(10);
});

test("what cannot run is said before anything does", async () => {
  const cell = smallCell({ defence: { label: "Krum", preAggregators: [], rule: { name: "Krum" } } });
  const data = await openData(cell.data, ".");
  const surroundings = { data, transport: "memory", baseFolder: ".", now: () => 0, progress: () => undefined } as const;
  const result = await runCell(cell, surroundings);
  expect(result).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("2f + 3") });
  const tooMany = await runCell(smallCell({ attackers: 6 }), surroundings);
  expect(tooMany).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("one has to be honest") });
  const infeasible = (changes: Partial<Cell>) => runCell(smallCell(changes), surroundings);
  const pixels = await infeasible({ attack: parseAttack("PixelBackdoor") });
  expect(pixels).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("it needs images") });
  const nobody = await infeasible({ attack: parseAttack("Mimic:client=4") });
  expect(nobody).toMatchObject({ outcome: "infeasible", reason: "client 4: a round has 4 honest clients, from 0" });
  const crowded = await infeasible({ clients: 500, attackers: 1 });
  expect(crowded).toMatchObject({ outcome: "infeasible", reason: expect.stringContaining("too few examples") });
});

test("a class that the held-out set lacks can be what an attack wants, and not what it starts from", async () => {
  const { train } = await openData(smallCell().data, ".");
  const test = floatDataset(new Float32Array(16), Int32Array.of(0, 1), [8]);
  const surroundings = { transport: "memory", baseFolder: ".", now: () => 0, progress: () => undefined } as const;
  const against = (attack: string) =>
    runCell(smallCell({ attack: parseAttack(attack), rounds: 1 }), { ...surroundings, data: { train, test } });
  expect(await against("EdgeCase:source=2,target=0")).toMatchObject({
    outcome: "infeasible",
    reason: expect.stringContaining("the held-out set has no example of class 2"),
  });
  expect(await against("EdgeCase:source=0,target=2")).toMatchObject({ outcome: "completed" });
});

test("a model that diverges is the end of its job, not of the lab", async () => {
  const local = { ...smallCell().local, learningRate: 1e38 };
  expect(await run({ local })).toMatchObject({ outcome: "broken", accuracy: null });
  // nobody waits for those who will not come either
  expect(await run({ local, attack: parseAttack("Dropout"), numByzantine: 1 })).toMatchObject({
    outcome: "broken",
    accuracy: null,
  });
});

/** Listening sockets of this process: a coordinator's, or an attacker's own way to it. */
const numListening = () => process.getActiveResourcesInfo().filter((it) => it === "TCPServerWrap").length;

test.each(["memory", "grpc"] as const)(
  "a trainer that fails over %s ends the cell with its reason, and all that was open",
  async (transport) => {
    const before = numListening();
    const cell = smallCell();
    const data = await openData(cell.data, ".");
    const batch = () => {
      throw new Error("a torn page");
    };
    const torn = { ...data, train: { ...data.train, batch } };
    const surroundings = { transport, baseFolder: ".", now: () => 0, progress: () => undefined } as const;
    await expect(runCell(cell, { ...surroundings, data: torn })).rejects.toThrow("a torn page");
    await expect.poll(numListening).toBe(before);
  },
);

test("an attacker's detour ends with its cell", async () => {
  const before = numListening();
  const attack = parseAttack("SlowLoris:bytesPerSecond=1000000");
  expect(await run({ attack, numByzantine: 1, rounds: 1 }, "grpc")).toMatchObject({ outcome: "completed" });
  await expect.poll(numListening).toBe(before);
});

test("over gRPC models are those of memory, and an upload that never ends is no upload", async () => {
  // the last clients are trained longer after the others than a round's grace lasts
  const changes = { numByzantine: 1, rounds: 2, local: { ...smallCell().local, steps: 60 } };
  const now = { ...changes, attack: parseAttack("Dropout:rate=0.5") };
  const inMemory = await run(now);
  const overGrpc = await run(now, "grpc");
  expect(overGrpc.rounds.map((it) => it.admitted)).toEqual(inMemory.rounds.map((it) => it.admitted));
  expect(overGrpc.versionsSha256).toBe(inMemory.versionsSha256);
  const fast = await run({ ...changes, attack: parseAttack("SlowLoris:bytesPerSecond=1000000000") }, "grpc");
  const silent = await run({ ...changes, attack: parseAttack("Dropout") });
  expect(fast.versionsSha256).toBe(silent.versionsSha256);
});
