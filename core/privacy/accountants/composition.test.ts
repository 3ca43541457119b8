import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccountantName, boundOf, type Charge } from "./accountant.ts";
import { sampledGaussianDelta } from "./gaussian-pld.ts";
import type { Adjacency, Mechanism, Sampling } from "./mechanism.ts";

/** The grid of a privacy loss distribution is chosen for each composition. */
const GRID = 1e-3;
const slackOf = (accountant: AccountantName, epsilon: number) =>
  1e-9 + (accountant === "rdp" ? 0 : GRID * (1 + epsilon));

const gaussian = (noiseMultiplier: number, adjacency: Adjacency, sampling: Sampling): Mechanism => ({
  mechanism: "gaussian",
  noiseMultiplier,
  adjacency,
  sampling,
});

/** One way to use noise of a given multiplier, and the accountants that know it. */
interface Kind {
  readonly name: string;
  readonly accountants: readonly ("rdp" | "pld")[];
  /** Of each property: integrals and transforms take their time. */
  readonly numRuns: number;
  readonly of: (noiseMultiplier: number) => Mechanism;
}

const RATE = 0.05;
const KINDS: readonly Kind[] = [
  { name: "everybody", accountants: ["rdp", "pld"], numRuns: 20, of: (z) => gaussian(z, "zero-out", "full") },
  {
    name: "everybody, one replaced",
    accountants: ["rdp", "pld"],
    numRuns: 20,
    of: (z) => gaussian(z, "replace-one", "full"),
  },
  {
    name: "coins",
    accountants: ["rdp", "pld"],
    numRuns: 1,
    of: (z) => gaussian(z, "zero-out", { poisson: { rate: RATE } }),
  },
  {
    name: "coins, one replaced",
    accountants: ["pld"],
    numRuns: 1,
    of: (z) => gaussian(z, "replace-one", { poisson: { rate: RATE } }),
  },
  {
    name: "coins with a cap",
    accountants: ["pld"],
    numRuns: 1,
    of: (z) => gaussian(z, "zero-out", { poisson: { rate: RATE, cap: 8, population: 100 } }),
  },
  {
    name: "five of a hundred",
    accountants: ["rdp"],
    numRuns: 2,
    of: (z) => gaussian(z, "replace-one", { fixed: { cohort: 5, population: 100 } }),
  },
  {
    name: "a tree",
    accountants: ["rdp"],
    numRuns: 5,
    of: (noiseMultiplier) => ({
      mechanism: "tree",
      noiseMultiplier,
      adjacency: "zero-out",
      numLeaves: 16,
      minSeparation: 3,
      maxParticipations: 2,
    }),
  },
];
const CASES = KINDS.flatMap((kind) => kind.accountants.map((accountant) => ({ ...kind, accountant })));

const multiplier = fc.double({ min: 0.6, max: 4, noNaN: true });
const uses = fc.integer({ min: 1, max: 60 });
const delta = fc.double({ min: 1e-7, max: 1e-3, noNaN: true });

const epsilonOf = (charges: readonly Charge[], d: number, accountant: AccountantName) =>
  boundOf(charges, d, accountant).epsilon;

describe.each(CASES)("$name by $accountant", ({ of, accountant, numRuns }) => {
  const epsilon = (z: number, times: number, d: number) => epsilonOf([{ mechanism: of(z), times }], d, accountant);

  test("costs more with every use, and less with more noise or a larger delta", () => {
    fc.assert(
      fc.property(multiplier, uses, delta, (z, times, d) => {
        const here = epsilon(z, times, d);
        const slack = slackOf(accountant, here);
        expect(epsilon(z, times + 1, d)).toBeGreaterThanOrEqual(here - slack);
        expect(epsilon(1.5 * z, times, d)).toBeLessThanOrEqual(here + slack);
        expect(epsilon(z, times, 2 * d)).toBeLessThanOrEqual(here + slack);
      }),
      { numRuns },
    );
  });

  test("costs together at most what its parts cost apart, their deltas added", () => {
    fc.assert(
      fc.property(multiplier, uses, uses, delta, (z, first, rest, d) => {
        const apart = epsilon(z, first, d) + epsilon(z, rest, d);
        expect(epsilon(z, first + rest, 2 * d)).toBeLessThanOrEqual(apart + slackOf(accountant, apart));
      }),
      { numRuns },
    );
  });

  test("is the same charged at once or bit by bit, in any order", () => {
    fc.assert(
      fc.property(multiplier, uses, uses, delta, (z, first, rest, d) => {
        const quieter = { mechanism: of(2 * z), times: 3 };
        const [a, b] = [first, rest].map((times) => ({ mechanism: of(z), times })) as [Charge, Charge];
        const whole = epsilonOf([{ ...a, times: first + rest }, quieter], d, accountant);
        const parts = epsilonOf([b, quieter, a], d, accountant);
        expect(Math.abs(parts - whole)).toBeLessThanOrEqual(slackOf(accountant, whole));
      }),
      { numRuns },
    );
  });
});

describe.each([0.02, 0.3, 1])("one use of coins of %d", (rate) => {
  const exact = (z: number, epsilon: number) =>
    Math.max(sampledGaussianDelta(z, rate, "add", epsilon), sampledGaussianDelta(z, rate, "remove", epsilon));
  const mechanism = (z: number) => gaussian(z, "zero-out", rate === 1 ? "full" : { poisson: { rate } });

  test("has at its epsilon a delta of at most that which was asked for, and no less where epsilon is above 0", () => {
    fc.assert(
      fc.property(multiplier, delta, (z, d) => {
        const epsilon = epsilonOf([{ mechanism: mechanism(z), times: 1 }], d, "pld");
        expect(exact(z, epsilon)).toBeLessThanOrEqual(d * (1 + 1e-9));
        if (epsilon > GRID) expect(exact(z, epsilon - GRID)).toBeGreaterThan(d);
      }),
      { numRuns: rate === 1 ? 50 : 5 },
    );
  });
});

describe("between kinds", () => {
  const cost = (mechanism: Mechanism, times: number, accountant: AccountantName = "pld") =>
    epsilonOf([{ mechanism, times }], 1e-5, accountant);

  test("a client is never cheaper to replace than to leave out", () => {
    fc.assert(
      fc.property(multiplier, uses, (z, times) => {
        for (const sampling of ["full", { poisson: { rate: RATE } }] as const) {
          // noise of z clip norms is noise of z/2 sensitivities under replacement
          const replaced = cost(gaussian(z / 2, "replace-one", sampling), times);
          const left = cost(gaussian(z, "zero-out", sampling), times);
          expect(replaced).toBeGreaterThanOrEqual(left - slackOf("pld", left));
        }
      }),
      { numRuns: 2 },
    );
  });

  test("a cap costs something: whoever is left out lets another in", () => {
    fc.assert(
      fc.property(multiplier, fc.integer({ min: 2, max: 12 }), (z, cap) => {
        const coins = cost(gaussian(z, "zero-out", { poisson: { rate: RATE } }), 20);
        const capped = cost(gaussian(z, "zero-out", { poisson: { rate: RATE, cap, population: 100 } }), 20);
        expect(capped).toBeGreaterThanOrEqual(coins * (1 - GRID) - GRID);
      }),
      { numRuns: 2 },
    );
  });
});
