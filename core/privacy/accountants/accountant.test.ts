import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccountantName, boundOf } from "./accountant.ts";
import { gaussianDelta, gaussianEpsilon, gaussianNoiseMultiplier } from "./analytic-gaussian.ts";
import type { Adjacency, Mechanism, Sampling } from "./mechanism.ts";

function gaussian(noiseMultiplier: number, sampling: Sampling = "full", adjacency: Adjacency = "zero-out"): Mechanism {
  return { mechanism: "gaussian", noiseMultiplier, adjacency, sampling };
}

const poisson = (rate: number): Sampling => ({ poisson: { rate } });

function epsilon(mechanism: Mechanism, times: number, delta = 1e-5, accountant: AccountantName = "best"): number {
  return boundOf([{ mechanism, times }], delta, accountant).epsilon;
}

const multiplier = fc.double({ min: 0.6, max: 5, noNaN: true });
const rate = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const rounds = fc.integer({ min: 1, max: 300 });
const delta = fc.double({ min: 1e-8, max: 1e-3, noNaN: true });
const accountant = fc.constantFrom<AccountantName>("rdp", "pld");
/** The grid of a privacy loss distribution is chosen for each composition. */
const GRID = 1e-3;

describe("what sampling is worth: one multiplier, 100 rounds, delta 1e-5", () => {
  test("everybody in every round: 91.8, and 284 when a client may be replaced", () => {
    expect(epsilon(gaussian(1), 100, 1e-5, "pld")).toBeCloseTo(91.8, 0);
    // noise of one clip norm is half of the sensitivity under replacement
    expect(epsilon(gaussian(0.5, "full", "replace-one"), 100, 1e-5, "pld")).toBeCloseTo(284, 0);
  });

  test("secret coins of rate 0.1: 7.05, and 10.5 when a client may be replaced", () => {
    expect(epsilon(gaussian(1, poisson(0.1)), 100, 1e-5, "pld")).toBeCloseTo(7.05, 1);
    expect(epsilon(gaussian(0.5, poisson(0.1), "replace-one"), 100, 1e-5, "pld")).toBeCloseTo(10.5, 1);
  });

  test("exactly 10 of 100 clients, one of which may be replaced: 83.9", () => {
    const sampling = { fixed: { cohort: 10, population: 100 } };
    expect(epsilon(gaussian(0.5, sampling, "replace-one"), 100)).toBeCloseTo(83.9, 1);
  });

  test("one sampled round: Renyi proves 0.956 and the loss distribution 0.199", () => {
    expect(epsilon(gaussian(1, poisson(0.01)), 1, 1e-5, "rdp")).toBeCloseTo(0.956, 3);
    expect(epsilon(gaussian(1, poisson(0.01)), 1, 1e-5, "pld")).toBeCloseTo(0.199, 3);
  });
});

describe("epsilon", () => {
  test("grows with rounds and with the sampling rate, and falls with noise and with delta", () => {
    fc.assert(
      fc.property(multiplier, rate, rounds, delta, accountant, (z, q, t, d, name) => {
        const here = epsilon(gaussian(z, poisson(q)), t, d, name);
        const slack = 1e-9 + (name === "pld" ? GRID * (1 + here) : 0);
        expect(epsilon(gaussian(z, poisson(q)), t + 1, d, name)).toBeGreaterThanOrEqual(here - slack);
        expect(epsilon(gaussian(z, poisson(q * 1.5)), t, d, name)).toBeGreaterThanOrEqual(here - slack);
        expect(epsilon(gaussian(z * 1.5, poisson(q)), t, d, name)).toBeLessThanOrEqual(here + slack);
        expect(epsilon(gaussian(z, poisson(q)), t, d * 2, name)).toBeLessThanOrEqual(here + slack);
      }),
      { numRuns: 4 },
    );
  });

  test("of all rounds is at most that of the first and the rest, their deltas added", () => {
    fc.assert(
      fc.property(multiplier, rate, rounds, rounds, delta, accountant, (z, q, first, rest, d, name) => {
        const mechanism = gaussian(z, poisson(q));
        const apart = epsilon(mechanism, first, d, name) + epsilon(mechanism, rest, d, name);
        const together = epsilon(mechanism, first + rest, 2 * d, name);
        expect(together).toBeLessThanOrEqual(apart + 1e-9 + (name === "pld" ? GRID * (1 + apart) : 0));
      }),
      { numRuns: 8 },
    );
  });

  test("by Renyi divergences is never below that by loss distributions", () => {
    fc.assert(
      fc.property(multiplier, rate, rounds, delta, (z, q, t, d) => {
        const mechanism = gaussian(z, poisson(q));
        expect(epsilon(mechanism, t, d, "rdp")).toBeGreaterThanOrEqual(
          epsilon(mechanism, t, d, "pld") * (1 - GRID) - GRID,
        );
      }),
      { numRuns: 8 },
    );
  });

  test("sampling everybody is no sampling, and sampling nobody costs nothing", () => {
    for (const name of ["rdp", "pld"] as const) {
      expect(epsilon(gaussian(1, poisson(1)), 10, 1e-5, name)).toBeCloseTo(epsilon(gaussian(1), 10, 1e-5, name), 2);
    }
    expect(epsilon(gaussian(1, poisson(0)), 10, 1e-5, "rdp")).toBe(0);
  });

  test("a cap that is never reached changes nothing, and one that often is costs more", () => {
    const capped = (cap: number) => gaussian(1, { poisson: { rate: 0.01, cap, population: 1000 } });
    const plain = epsilon(gaussian(1, poisson(0.01)), 200, 1e-5, "pld");
    expect(epsilon(capped(900), 200, 1e-5, "pld")).toBeCloseTo(plain, 4);
    expect(epsilon(capped(12), 200, 1e-5, "pld")).toBeGreaterThan(plain);
  });

  test("a tree of one round is one Gaussian; a client in several rounds costs more", () => {
    const tree = (numLeaves: number, maxParticipations: number): Mechanism => ({
      mechanism: "tree",
      noiseMultiplier: 4,
      adjacency: "zero-out",
      numLeaves,
      minSeparation: 3,
      maxParticipations,
    });
    expect(epsilon(tree(1, 1), 1)).toBe(epsilon(gaussian(4), 1, 1e-5, "rdp"));
    expect(epsilon(tree(16, 2), 1)).toBeGreaterThan(epsilon(tree(16, 1), 1));
  });
});

describe("the exact Gaussian", () => {
  test("delta of epsilon of delta is delta", () => {
    fc.assert(
      fc.property(multiplier, delta, (z, d) => {
        expect(gaussianDelta(z, gaussianEpsilon(z, d))).toBeCloseTo(d, 10);
      }),
    );
  });

  test("calibrated noise meets its target and hardly more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 20, noNaN: true }), delta, (target, d) => {
        const z = gaussianNoiseMultiplier(target, d);
        expect(gaussianDelta(z, target)).toBeLessThanOrEqual(d);
        expect(gaussianDelta(z * 0.999, target)).toBeGreaterThan(d);
      }),
    );
  });

  test("loss distributions of unsampled rounds are composed without a grid", () => {
    expect(epsilon(gaussian(2), 4, 1e-5, "pld")).toBe(gaussianEpsilon(1, 1e-5));
  });
});

describe("refused by name", () => {
  const refused = (charges: Parameters<typeof boundOf>[0], name: AccountantName) =>
    expect(() => boundOf(charges, 1e-5, name)).toThrow(expect.objectContaining({ code: "PRIVACY_UNSUPPORTED" }));
  const fixed = { fixed: { cohort: 10, population: 100 } };

  test("Poisson sampling under replacement by Renyi divergences", () => {
    refused([{ mechanism: gaussian(1, poisson(0.1), "replace-one"), times: 1 }], "rdp");
  });

  test("a fixed number of clients under zero-out, by any accountant", () => {
    for (const name of ["rdp", "pld", "best"] as const) refused([{ mechanism: gaussian(1, fixed), times: 1 }], name);
  });

  test("charges of two adjacencies together", () => {
    const charges = (["zero-out", "replace-one"] as const).map((it) => ({
      mechanism: gaussian(1, "full", it),
      times: 1,
    }));
    for (const name of ["rdp", "pld", "best"] as const) refused(charges, name);
  });

  test("two mechanisms of which each accountant knows one", () => {
    const charges = [
      { mechanism: gaussian(1, fixed, "replace-one"), times: 1 },
      { mechanism: gaussian(1, poisson(0.1), "replace-one"), times: 1 },
    ];
    refused(charges, "best");
  });
});
