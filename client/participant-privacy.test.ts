import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../core/crypto/canonical-json.ts";
import { sha256 } from "../core/crypto/sha256.ts";
import { ZERO_DIGEST } from "../core/ids.ts";
import { claimOf } from "../core/privacy/claim.ts";
import { exampleMechanism } from "../core/privacy/client-charge.ts";
import type { LocalUpdate } from "../core/update.ts";
import { openOutbox } from "./outbox.ts";
import { connectedClient, heard } from "./participant.contract.ts";
import { openLedger } from "./privacy/privacy-ledger.ts";
import { CENTRAL, EXAMPLE, FakeCoordinator, fakeTrainer, LOCAL, planWith, SILENT, temporaryFolder } from "./testing.ts";

const D = 6;
const RAN = exampleMechanism({ ...EXAMPLE, mode: "example" }, planWith().local);
const update = (changes: Partial<LocalUpdate> = {}): LocalUpdate => ({
  delta: Float32Array.of(3, 0, 0, 4, 0, 0),
  numExamples: 600,
  metrics: { loss: 0.5 },
  ...changes,
});
const trainerOf = (changes: Partial<LocalUpdate> = {}) => fakeTrainer(async () => update(changes));
const plan = (privacy: object) => planWith({ privacy });

async function submitted(privacy: object, changes: Partial<LocalUpdate> = {}) {
  const { coordinator } = await connectedClient({ trainer: trainerOf(changes) });
  coordinator.push(coordinator.task({}, plan(privacy)));
  await heard(coordinator, "submit 1/1");
  const [arrival] = coordinator.arrivals;
  if (arrival === undefined) throw new Error("nothing arrived");
  return arrival;
}

describe("local privacy", () => {
  test("what leaves is clipped and noised, and tells neither examples nor metrics", async () => {
    const { payload, header } = await submitted({ ...LOCAL, epsilon: 500, maxEpsilon: 500 });
    // noise of 0.03 on each value of an update that was ten times too long
    expect(payload[0]).toBeCloseTo(0.3, 0);
    expect(payload[3]).toBeCloseTo(0.4, 0);
    expect(payload.every((it) => it !== 0)).toBe(true);
    expect(header.numExamples).toBe(0n);
    expect(header.metricsSha256).toBe(sha256("{}"));
    expect(header.dpClaimSha256).toBe(
      sha256(canonicalJson(claimOf(plan({ ...LOCAL, epsilon: 500, maxEpsilon: 500 })))),
    );
  });

  test("two rounds never share their noise", async () => {
    const { coordinator } = await connectedClient();
    for (const round of [1, 2]) {
      coordinator.push(coordinator.task({ round }, plan(LOCAL)));
      await heard(coordinator, `submit ${round}/1`);
    }
    const [first, second] = coordinator.arrivals.map((it) => [...it.payload]);
    for (let i = 0; i < D; i++) expect(first?.[i]).not.toBe(second?.[i]);
  });

  test("after the last update that the budget allows, tasks are declined before any training", async () => {
    const trainer = fakeTrainer();
    const { coordinator } = await connectedClient({ trainer });
    const once = plan({ ...LOCAL, maxEpsilon: 1 });
    coordinator.push(coordinator.task({}, once));
    await heard(coordinator, "submit 1/1");
    coordinator.push(coordinator.task({ round: 2 }, once));
    await heard(coordinator, "decline 2/1 PRIVACY_BUDGET_SPENT: The next round would exceed the privacy budget.");
    coordinator.push(coordinator.task({ round: 3 }));
    await heard(coordinator, "submit 3/1");
    expect(trainer.tasks.map((it) => it.round)).toEqual([1, 3]);
  });

  test("paid before it leaves: a client that is started again still knows, and one that crashed in between paid", async () => {
    const path = join(await temporaryFolder(), "privacy.json");
    const once = plan({ ...LOCAL, maxEpsilon: 1 });
    const folder = await temporaryFolder();
    const outbox = await openOutbox(folder, SILENT);
    let paidBefore = "";
    const crashing = {
      ...outbox,
      keep: async () => {
        paidBefore = await readFile(path, "utf8");
        throw new Error("the power failed");
      },
    };
    const first = await connectedClient({ ledger: await openLedger(path), outbox: crashing });
    first.coordinator.push(first.coordinator.task({}, once));
    await heard(first.coordinator, "decline 1/1");
    await first.client.stop();
    expect(JSON.parse(paidBefore).charges).toMatchObject([{ unit: "client", times: 1 }]);
    expect(first.coordinator.arrivals).toEqual([]);

    const second = await connectedClient({ ledger: await openLedger(path) }, new FakeCoordinator());
    second.coordinator.push(second.coordinator.task({}, once));
    await heard(second.coordinator, "decline 1/1 PRIVACY_BUDGET_SPENT");
  });

  test("a charge that the disk does not take: nothing leaves", async () => {
    const ledger = {
      account: [],
      objection: () => undefined,
      charge: async () => Promise.reject(new Error("no space")),
    };
    const { coordinator } = await connectedClient({ ledger });
    coordinator.push(coordinator.task({}, plan(LOCAL)));
    await heard(coordinator, "decline 1/1");
    expect(coordinator.arrivals).toEqual([]);
  });
});

describe("example-level privacy", () => {
  test("an update that was trained as the plan asks leaves as it is, with its claim and without metrics", async () => {
    const { payload, header } = await submitted(EXAMPLE, { examplePrivacy: RAN });
    expect([...payload]).toEqual([3, 0, 0, 4, 0, 0]);
    expect(header.numExamples).toBe(0n);
    expect(header.metricsSha256).toBe(sha256("{}"));
    expect(header.dpClaimSha256).toBe(sha256(canonicalJson(claimOf(plan(EXAMPLE)))));
  });

  test("every update of it is charged, by its steps", async () => {
    const path = join(await temporaryFolder(), "privacy.json");
    const trainer = trainerOf({ examplePrivacy: RAN });
    const { coordinator } = await connectedClient({ trainer, ledger: await openLedger(path) });
    for (const round of [1, 2]) {
      coordinator.push(coordinator.task({ round }, plan({ ...EXAMPLE, maxEpsilon: 50 })));
      await heard(coordinator, `submit ${round}/1`);
    }
    expect(JSON.parse(await readFile(path, "utf8")).charges).toMatchObject([{ unit: "example", times: 2 * RAN.steps }]);
  });

  test.each([
    ["knows nothing of the mode", undefined],
    ["took more steps", { ...RAN, steps: RAN.steps + 1 }],
    ["took less noise", { ...RAN, noiseMultiplier: 0.9 }],
  ])("a trainer that %s: declined, nothing leaves, nothing is charged", async (_what, examplePrivacy) => {
    const path = join(await temporaryFolder(), "privacy.json");
    const trainer = trainerOf(examplePrivacy === undefined ? {} : { examplePrivacy });
    const { coordinator } = await connectedClient({ trainer, ledger: await openLedger(path) });
    coordinator.push(coordinator.task({}, plan(EXAMPLE)));
    await heard(coordinator, "decline 1/1 PRIVACY_UNSUPPORTED: No honest guarantee is known for that privacy setting.");
    expect(coordinator.arrivals).toEqual([]);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
  });

  test("a budget that is spent declines before any training", async () => {
    const trainer = trainerOf({ examplePrivacy: RAN });
    const { coordinator } = await connectedClient({ trainer });
    coordinator.push(coordinator.task({}, plan({ ...EXAMPLE, maxEpsilon: 1e-3 })));
    await heard(coordinator, "decline 1/1 PRIVACY_BUDGET_SPENT");
    expect(trainer.tasks).toEqual([]);
  });
});

describe("central privacy", () => {
  test("claims nothing: the noise is the coordinator's", async () => {
    expect((await submitted(CENTRAL)).header.dpClaimSha256).toBe(ZERO_DIGEST);
  });

  test("where the clip norm adapts the coordinator gets to see whether it would clip; what is not finite is zero", async () => {
    const adaptive = { ...CENTRAL, adaptiveClipping: {} };
    expect([...(await submitted(adaptive)).payload]).toEqual([3, 0, 0, 4, 0, 0]);
    const wild = { delta: Float32Array.of(3, NaN, 0, 4, 0, 0) };
    expect([...(await submitted(adaptive, wild)).payload]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
