import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isRefusal } from "../../core/errors.ts";
import { asJobId } from "../../core/ids.ts";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import { clientCharge } from "../../core/privacy/client-charge.ts";
import { CENTRAL, EXAMPLE, JOB, LOCAL, planWith, temporaryFolder } from "../testing.ts";
import { memoryLedger, openLedger, type PrivacyLedger } from "./privacy-ledger.ts";

const OTHER_JOB = asJobId("0b".repeat(16));
const local = (changes = {}) => planWith({ privacy: { ...LOCAL, ...changes } });
const example = (changes = {}) => planWith({ privacy: { ...EXAMPLE, ...changes } });

/** Updates that the ledger lets through. */
async function affordable(ledger: PrivacyLedger, plan: ReturnType<typeof planWith>, most = 1_000): Promise<number> {
  for (let count = 0; count < most; count++) if (isRefusal(await ledger.charge(JOB, plan))) return count;
  return most;
}

/** By the accountants alone. */
function expected(plan: ReturnType<typeof planWith>, maxEpsilon: number): number {
  const one = clientCharge(plan);
  if (one === undefined) throw new Error("no charge");
  let count = 0;
  while (boundOf([{ ...one, times: (count + 1) * one.times }], 1e-5).epsilon <= maxEpsilon) count++;
  return count;
}

describe("the hard stop", () => {
  test("local: so many updates as the exact composition of Gaussians allows, and not one more", async () => {
    const count = await affordable(memoryLedger(), local({ maxEpsilon: 3 }));
    expect(count).toBe(expected(local(), 3));
    expect(count).toBeGreaterThan(3);
  });

  test("example: the same for the steps of sampled Gaussians", async () => {
    const count = await affordable(memoryLedger(), example({ maxEpsilon: 6 }));
    expect(count).toBe(expected(example(), 6));
    expect(count).toBeGreaterThan(1);
  });

  test("one update of exactly the plan's epsilon is allowed, none of more", async () => {
    expect(await affordable(memoryLedger(), local({ maxEpsilon: 1 }))).toBe(1);
    expect(await affordable(memoryLedger(), local({ maxEpsilon: 0.999 }))).toBe(0);
  });

  test("jobs of one mode add up, whatever their noise; a stopped plan is not charged", async () => {
    const ledger = memoryLedger();
    await ledger.charge(OTHER_JOB, local({ epsilon: 2 }));
    const plan = local({ maxEpsilon: 2.2 });
    const cost = (privacy: object) =>
      clientCharge(planWith({ privacy })) as NonNullable<ReturnType<typeof clientCharge>>;
    const both = boundOf([cost({ ...LOCAL, epsilon: 2 }), cost(LOCAL)], 1e-5).epsilon;
    expect(both).toBeGreaterThan(2.2);
    expect(await ledger.charge(JOB, plan)).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
    expect(ledger.objection(local({ maxEpsilon: both * (1 + 1e-12) }))).toBeUndefined();
  });

  test("what was spent on the client was spent on each of its examples, who are in whatever it sends", async () => {
    const ledger = memoryLedger();
    expect(await affordable(ledger, local({ maxEpsilon: 6 }))).toBeGreaterThan(10);
    // one epsilon of 6 for both: what the client spent leaves no room for its examples
    expect(await affordable(ledger, example({ maxEpsilon: 6 }))).toBe(0);
    expect(ledger.objection(example({ maxEpsilon: 16 }))).toBeUndefined();
  });

  test("what was spent on examples says nothing of the client", async () => {
    const ledger = memoryLedger();
    expect(await ledger.charge(JOB, example({ maxEpsilon: 6 }))).toBeUndefined();
    expect(await affordable(ledger, local({ maxEpsilon: 3 }))).toBe(expected(local(), 3));
  });

  test.each([1e-200, 1e-320])(
    "an update whose noise of %d bounds nothing is refused, whatever may be spent",
    async (z) => {
      const plan = example({ noiseMultiplier: z, sampleRate: 1 });
      const boundless = { ...plan, privacy: { ...plan.privacy, maxEpsilon: Number.POSITIVE_INFINITY } } as typeof plan;
      expect(await memoryLedger().charge(JOB, boundless)).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
    },
  );

  test("an objection alone charges nothing", async () => {
    const ledger = memoryLedger();
    for (let i = 0; i < 5; i++) expect(ledger.objection(local({ maxEpsilon: 1 }))).toBeUndefined();
    expect(await affordable(ledger, local({ maxEpsilon: 1 }))).toBe(1);
    expect(ledger.objection(local({ maxEpsilon: 1 }))).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
  });

  test.each([
    ["none", { mode: "none" }],
    ["central", CENTRAL],
  ])("mode %s costs the client nothing", async (_mode, privacy) => {
    const folder = await temporaryFolder();
    const ledger = await openLedger(join(folder, "privacy.json"));
    expect(await affordable(ledger, planWith({ privacy }), 20)).toBe(20);
    await expect(readFile(join(folder, "privacy.json"))).rejects.toThrow("ENOENT");
  });
});

describe("the ledger's file", () => {
  const opened = async () => {
    const path = join(await temporaryFolder(), "privacy.json");
    return { path, ledger: await openLedger(path) };
  };

  test("a charge is on disk when it resolves, and counts after a restart", async () => {
    const { path, ledger } = await opened();
    const half = expected(local(), 3) - 2;
    for (let i = 0; i < half; i++) await ledger.charge(JOB, local({ maxEpsilon: 3 }));
    expect(await affordable(await openLedger(path), local({ maxEpsilon: 3 }))).toBe(2);
  });

  test("it holds mechanisms by job, not epsilons", async () => {
    const { path, ledger } = await opened();
    for (let i = 0; i < 3; i++) await ledger.charge(JOB, local());
    await ledger.charge(OTHER_JOB, example());
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
      version: 1,
      accountant: "1",
      charges: [
        { jobId: JOB, unit: "client", ...clientCharge(local()), times: 3 },
        { jobId: OTHER_JOB, unit: "example", ...clientCharge(example()) },
      ],
    });
  });

  test("a charge that the disk does not take is thrown, and counts all the same", async () => {
    const folder = join(await temporaryFolder(), "home");
    const ledger = await openLedger(join(folder, "privacy.json"));
    await writeFile(folder, "a file in the folder's place");
    await expect(ledger.charge(JOB, local({ maxEpsilon: 1 }))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(ledger.objection(local({ maxEpsilon: 1 }))).toMatchObject({ refused: "PRIVACY_BUDGET_SPENT" });
  });

  test.each([
    ["half of one", '{"version":1,"accountant":"1","charges":[{"jobId"'],
    ["nothing", ""],
    ["another version", '{"version":2,"accountant":"1","charges":[]}'],
    [
      "a charge of nothing",
      JSON.stringify({ version: 1, accountant: "1", charges: [{ jobId: JOB, unit: "client", times: 0 }] }),
    ],
  ])("a file with %s is refused: what was paid is not known", async (_what, text) => {
    const path = join(await temporaryFolder(), "privacy.json");
    await writeFile(path, text);
    await expect(openLedger(path)).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
  });
});
