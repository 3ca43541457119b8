import { describe, expect, test } from "vitest";
import { privacyCommand } from "../../cli-privacy.ts";
import { privacyCommands } from "./privacy-commands.ts";

/** Types the command; returns what it prints and what it warns of. */
async function typed(...words: readonly string[]): Promise<{ printed: string; warned: string }> {
  const printed: string[] = [];
  const warned: string[] = [];
  const actions = privacyCommands(
    (line) => printed.push(line),
    (line) => warned.push(line),
  );
  const command = privacyCommand(async () => ({
    privacyEpsilon: async (options) => actions.epsilon(options),
    privacyCalibrate: async (options) => actions.calibrate(options),
    privacyPlan: () => Promise.reject(new Error("not asked")),
  }));
  for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(words, { from: "user" });
  return { printed: printed.join("\n"), warned: warned.join("\n") };
}

const POISSON = ["--sampling", "poisson", "--rate", "0.1", "--rounds", "100", "--delta", "1e-5"];
const answer = async (...words: readonly string[]) => JSON.parse((await typed(...words, "--json")).printed);

describe("epsilon", () => {
  test("answers with the smaller of two bounds, and with what it means", async () => {
    const { epsilon, delta, accountant, order, contract } = await answer(
      "epsilon",
      "--noise-multiplier",
      "1",
      ...POISSON,
    );
    expect(epsilon).toBeCloseTo(7.05, 1);
    expect({ delta, accountant, order }).toEqual({ delta: 1e-5, accountant: "pld", order: null });
    expect(contract).toMatchObject({ unit: "client", rounds: 100, noiseMultiplier: 1, accountant: "pld 1" });
  });

  test("the epsilon that people read is rounded up", async () => {
    for (const z of ["1", "1.1", "1.2", "1.3", "1.4"]) {
      const words = ["epsilon", "--noise-multiplier", z, "--rounds", "3", "--delta", "1e-5"];
      const [, shown] = /^epsilon +(\S+)/.exec((await typed(...words)).printed) ?? [];
      expect(Number(shown)).toBeGreaterThanOrEqual((await answer(...words)).epsilon);
    }
  });

  test("the Renyi accountant says at which order", async () => {
    const words = ["epsilon", "--noise-multiplier", "1", ...POISSON, "--accountant", "rdp"];
    expect(await answer(...words)).toMatchObject({ accountant: "rdp", order: expect.any(Number) });
    expect((await typed(...words)).printed).toMatch(/^epsilon .* \(order /);
  });

  test("noise of one clip norm counts half when a client may be replaced", async () => {
    const words = [
      "--sampling",
      "fixed",
      "--cohort",
      "10",
      "--population",
      "100",
      "--rounds",
      "100",
      "--delta",
      "1e-5",
    ];
    const { epsilon } = await answer("epsilon", "--noise-multiplier", "1", "--adjacency", "replace-one", ...words);
    expect(epsilon).toBeCloseTo(83.9, 1);
  });

  test("delta is N^-1.1 where only the population is given, and a delta above 1/N is warned of", async () => {
    const full = ["epsilon", "--noise-multiplier", "2", "--rounds", "10", "--population", "100"];
    expect((await answer(...full)).delta).toBeCloseTo(100 ** -1.1, 12);
    expect((await typed(...full, "--accountant", "rdp")).warned).toBe("");
    expect((await typed(...full, "--delta", "0.02")).warned).toContain("0.02 is above 1/100");
  });
});

describe("a tree of rounds", () => {
  const tree = ["epsilon", "--mechanism", "tree", "--noise-multiplier", "4", "--delta", "1e-5"];

  test("of one round is one Gaussian", async () => {
    const gaussian = ["epsilon", "--noise-multiplier", "4", "--rounds", "1", "--delta", "1e-5", "--accountant", "rdp"];
    const one = await answer(...tree, "--rounds", "1", "--max-participations", "1");
    expect(one.epsilon).toBe((await answer(...gaussian)).epsilon);
    expect(one.contract.mechanism).toContain("tree");
  });

  test("costs more the sooner and the more often a client comes back; a separation of 1 allows every round", async () => {
    const words = [...tree, "--rounds", "16", "--max-participations"];
    const { epsilon: once } = await answer(...words, "1");
    const { epsilon: twice } = await answer(...words, "2", "--min-separation", "8");
    const { epsilon: inARow } = await answer(...words, "2");
    expect(twice).toBeGreaterThan(once);
    expect(inARow).toBeGreaterThan(twice);
    expect(inARow).toBe((await answer(...words, "2", "--min-separation", "1")).epsilon);
    // rounds 1 and 2 have two leaves of their own and share four nodes: 2 + 4 * 2^2 = 18
    const noise = String(4 / Math.sqrt(18));
    const one = ["epsilon", "--noise-multiplier", noise, "--rounds", "1", "--delta", "1e-5", "--accountant", "rdp"];
    expect(inARow).toBeCloseTo((await answer(...one)).epsilon, 9);
  });
});

describe("calibrate", () => {
  test("what it prints keeps the promise when it is typed", async () => {
    const rounds = ["--rounds", "100", "--delta", "1e-5"];
    for (const target of ["1", "2", "3"]) {
      const { printed } = await typed("calibrate", "--epsilon", target, ...rounds);
      const shown = (name: string) => new RegExp(`^${name} +(\\S+)`, "m").exec(printed)?.[1] ?? "";
      const again = await answer("epsilon", "--noise-multiplier", shown("noise multiplier"), ...rounds);
      expect(again.epsilon).toBeLessThanOrEqual(Number(target));
      expect(Number(shown("epsilon"))).toBeGreaterThanOrEqual(again.epsilon);
    }
  });

  test("finds the least noise that keeps the promise", async () => {
    const { noiseMultiplier, epsilon } = await answer("calibrate", "--epsilon", "2", ...POISSON);
    expect(epsilon).toBeLessThanOrEqual(2);
    const less = await answer("epsilon", "--noise-multiplier", String(noiseMultiplier * 0.999), ...POISSON);
    expect(less.epsilon).toBeGreaterThan(2);
  });

  test("a target that nobody can meet is refused", async () => {
    const words = ["calibrate", "--epsilon", "1e-9", "--rounds", "1000000", "--delta", "1e-12"];
    await expect(typed(...words)).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  });
});

describe("refused", () => {
  const noise = ["epsilon", "--noise-multiplier", "1", "--rounds", "10"];

  test.each([
    ["no noise", ["epsilon", "--noise-multiplier", "0", "--rounds", "10", "--delta", "1e-5"], "must be above 0"],
    ["no rounds", ["epsilon", "--noise-multiplier", "1", "--rounds", "0", "--delta", "1e-5"], "at least one round"],
    ["no delta", noise, "--delta is needed"],
    ["a delta of 1", [...noise, "--delta", "1"], "between 0 and 1"],
    ["a rate of 0", [...noise, "--delta", "1e-5", "--sampling", "poisson", "--rate", "0"], "--rate above 0"],
    ["a rate above 1", [...noise, "--delta", "1e-5", "--sampling", "poisson", "--rate", "1.5"], "at most 1"],
    [
      "a cohort above the population",
      [...noise, "--delta", "1e-5", "--sampling", "fixed", "--cohort", "9", "--population", "8"],
      "--population",
    ],
    ["a rate without coins", [...noise, "--delta", "1e-5", "--rate", "0.1"], "--rate has no meaning"],
    [
      "a cap without a population",
      [...noise, "--delta", "1e-5", "--sampling", "poisson", "--rate", "0.1", "--cap", "5"],
      "--cap",
    ],
    ["a tree without limits", [...noise, "--delta", "1e-5", "--mechanism", "tree"], "--max-participations"],
    [
      "a tree of samples",
      [...noise, "--delta", "1e-5", "--mechanism", "tree", "--sampling", "poisson", "--rate", "0.1"],
      "--sampling poisson has no meaning",
    ],
    [
      "limits without a tree",
      [...noise, "--delta", "1e-5", "--min-separation", "2"],
      "--min-separation has no meaning",
    ],
    [
      "a negative noise",
      ["epsilon", "--noise-multiplier", "-1", "--rounds", "1", "--delta", "1e-5"],
      "must be above 0",
    ],
    ["a delta of 0", [...noise, "--delta", "0"], "between 0 and 1"],
    ["a population of one, whose usual delta is 1", [...noise, "--population", "1"], "--population 1:"],
    ["a population of nobody", [...noise, "--population", "0"], "--population 0:"],
    ["a population of nobody, whatever delta", [...noise, "--population", "0", "--delta", "0.1"], "--population 0:"],
    ["an epsilon of 0", ["calibrate", "--epsilon", "0", "--rounds", "1", "--delta", "1e-5"], "must be above 0"],
  ])("%s", async (_, words, reason) => {
    await expect(typed(...words)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(reason),
    });
  });

  test("a fixed cohort under zero-out, which has no theorem", async () => {
    const words = [...noise, "--delta", "1e-5", "--sampling", "fixed", "--cohort", "10", "--population", "100"];
    await expect(typed(...words)).rejects.toMatchObject({
      code: "PRIVACY_UNSUPPORTED",
      message: expect.stringContaining("accepted: --adjacency replace-one"),
    });
    expect((await answer(...words, "--adjacency", "replace-one")).epsilon).toBeGreaterThan(0);
    // whom the draw cannot leave out is not drawn
    expect((await answer(...words, "--cohort", "100")).epsilon).toBeGreaterThan(0);
  });
});
