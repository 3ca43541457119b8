import { describe, expect, test } from "vitest";
import { boundOf } from "../../core/privacy/accountants/accountant.ts";
import {
  crossing,
  gaussianDelta,
  gaussianEpsilon,
  gaussianNoiseMultiplier,
} from "../../core/privacy/accountants/analytic-gaussian.ts";
import { type Direction, sampledGaussianDelta } from "../../core/privacy/accountants/gaussian-pld.ts";
import {
  compared,
  ENTRIES,
  expectClose,
  type Numbers,
  number,
  pldEpsilonOf,
  poisson,
  rdpBoundOf,
  toleranceOf,
  usesOf,
} from "./dp.entries.ts";

describe("published epsilons of privacy loss distributions", () => {
  const sampled = compared("pld").filter(({ entry }) => !("mechanism" in entry.params));

  test.each(sampled)("$title", ({ entry }) => {
    const expected = number(entry.expected, "epsilon");
    const epsilon = pldEpsilonOf(entry);
    expect(Math.abs(epsilon - expected)).toBeLessThanOrEqual(1e-3 * Math.max(1, expected));
  });

  test.each(sampled)("$title: the Renyi bound is never below", ({ entry }) => {
    const expected = number(entry.expected, "epsilon");
    if (entry.params["neighboring"] === "REPLACE_ONE") return;
    expect(rdpBoundOf(entry).epsilon).toBeGreaterThanOrEqual(expected * (1 - 1e-3) - 1e-3);
  });

  test.each([
    [21, poisson(Math.sqrt(3), 1, "zero-out"), 0.126936],
    [22, poisson(0.5, 0.2, "zero-out"), 0.15594],
  ])("%i three uses of %j have epsilon 1 at delta %d", (_, mechanism, delta) => {
    expect(boundOf([{ mechanism, times: 3 }], delta, "pld").epsilon).toBeCloseTo(1, 3);
  });

  const capped = (events: readonly Numbers[]) =>
    events.map((event) => ({
      mechanism: {
        mechanism: "gaussian",
        noiseMultiplier: number(event, "noise_multiplier"),
        adjacency: "zero-out",
        sampling: {
          poisson: {
            rate: number(event, "q"),
            cap: number(event, "truncated_batch_size"),
            population: number(event, "dataset_size"),
          },
        },
      } as const,
      times: number(event, "count", number(event, "steps")),
    }));

  test.each(ENTRIES.filter(({ index }) => [26, 477].includes(index)))("$index a capped Poisson sample", (entry) => {
    const events = (entry.params["events"] ?? [entry.params]) as readonly Numbers[];
    const delta = number(entry.params, "delta", number(entry.expected, "delta"));
    const expected = number(entry.expected, "epsilon");
    expect(Math.abs(boundOf(capped(events), delta, "pld").epsilon - expected)).toBeLessThanOrEqual(1e-3 * expected);
  });
});

describe("published exact deltas of one use", () => {
  const DIRECTIONS: Readonly<Record<string, Direction>> = { ADD: "add", REMOVE: "remove", REPLACE: "replace" };

  test.each(compared("exact.delta"))("$title", ({ entry }) => {
    const { params, expected } = entry;
    const z = number(params, "sigma") / number(params, "sensitivity");
    const direction = DIRECTIONS[String(params["adjacency"])] ?? "remove";
    const deltas = [expected["delta"]].flat();
    for (const [i, epsilon] of [params["epsilon"]].flat().entries()) {
      const delta = sampledGaussianDelta(z, number(params, "q"), direction, Number(epsilon));
      expectClose(delta, Number(deltas[i]), toleranceOf(entry, 0));
    }
  });

  const oneUse = compared("calibrate.sigma").filter(({ entry }) => entry.index !== 76);

  test.each(oneUse)("$title", ({ entry }) => {
    const { params, expected } = entry;
    const directions =
      "adjacency" in params ? [DIRECTIONS[String(params["adjacency"])] ?? "remove"] : (["add", "remove"] as const);
    const delta = (sigma: number) =>
      Math.max(
        ...directions.map((direction) => {
          const z = sigma / number(params, "sensitivity") / Math.sqrt(number(params, "num_queries", 1));
          return sampledGaussianDelta(z, number(params, "q", 1), direction, number(params, "epsilon"));
        }),
      );
    const sigma = crossing((it) => delta(it) <= number(params, "delta"));
    expectClose(sigma, number(expected, "sigma"), Math.max(toleranceOf(entry, 0), 1e-6));
  });

  test("76 twenty-five samples of rate 0.001 and sensitivity 6 need noise of 3.2096 for epsilon 1", () => {
    const epsilon = (sigma: number) =>
      boundOf([{ mechanism: poisson(sigma / 6, 0.001, "zero-out"), times: 25 }], 1e-5, "pld").epsilon;
    expect(epsilon(3.20956502598 * 1.001)).toBeLessThanOrEqual(1);
    expect(epsilon(3.20956502598 / 1.001)).toBeGreaterThanOrEqual(1);
  });

  test.each(compared("analytic_gaussian.epsilon"))("$title", ({ entry }) => {
    const z = number(entry.params, "sigma") / number(entry.params, "sensitivity");
    expect(gaussianEpsilon(z, number(entry.params, "delta"))).toBeCloseTo(number(entry.expected, "epsilon"), 6);
  });

  test.each(compared("analytic_gaussian.sigma"))("$title", ({ entry }) => {
    const { params } = entry;
    const z = gaussianNoiseMultiplier(number(params, "epsilon"), number(params, "delta"));
    const expected = number(entry.expected, "sigma");
    expectClose(z * number(params, "sensitivity"), expected, toleranceOf(entry, expected));
  });

  test.each(compared("analytic_gaussian.delta"))("$title", ({ entry }) => {
    const z = Math.sqrt(number(entry.params, "sigma_squared")) / number(entry.params, "sensitivity");
    const expected = number(entry.expected, "delta");
    expectClose(gaussianDelta(z, number(entry.params, "epsilon")), expected, toleranceOf(entry, expected));
  });
});

describe("published noise multipliers for a target", () => {
  test.each(compared("calibrate.pld"))("$title", ({ entry }) => {
    const [{ q, steps } = { q: 1, steps: 1 }] = usesOf(entry.params);
    const target = number(entry.params, "target_epsilon");
    const published = number(entry.expected, "noise_multiplier");
    const epsilon = (z: number) =>
      pldEpsilonOf({ ...entry, params: { ...entry.params, noise_multiplier: z, q, steps } });
    expect(epsilon(published + 2e-3)).toBeLessThanOrEqual(target);
    expect(epsilon(published - 2e-3)).toBeGreaterThanOrEqual(target);
  });
});

describe("published bounds of two accountants in one", () => {
  test.each(compared("prv.upper"))("$title: ours lies at most its error bar below and never above", ({ entry }) => {
    const expected = number(entry.expected, "epsilon");
    const epsilon = pldEpsilonOf(entry);
    expect(epsilon).toBeLessThanOrEqual(expected + 1e-3 * Math.max(1, expected));
    expect(epsilon).toBeGreaterThanOrEqual(expected - 0.021 - 1e-3 * expected);
  });
});
