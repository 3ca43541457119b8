import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundOf, type Charge } from "./accountant.ts";
import type { Mechanism, Sampling } from "./mechanism.ts";
import { maxSquaredCounts } from "./tree.ts";

// Weak noise and kinds of charges mixed: where exponentials leave the range of a double.

const gaussian = (noiseMultiplier: number, sampling: Sampling, adjacency: Mechanism["adjacency"] = "zero-out") =>
  ({ mechanism: "gaussian", noiseMultiplier, adjacency, sampling }) as const;
const coin = (rate: number): Sampling => ({ poisson: { rate } });
const charge = (mechanism: Mechanism, times = 1): Charge => ({ mechanism, times });
const epsilonOf = (charges: readonly Charge[], accountant: "rdp" | "pld" | "best" = "best", delta = 1e-5) =>
  boundOf(charges, delta, accountant).epsilon;

test.each([11, 12, 1_000])("%i rounds of everybody and one drawn by coins cost no less than without it", (rounds) => {
  const before = charge(gaussian(1, "full"), rounds);
  const together = [before, charge(gaussian(1, coin(0.1)))];
  const least = epsilonOf([before], "pld");
  expect(epsilonOf(together)).toBeGreaterThanOrEqual(least - 1e-9);
  expect(epsilonOf(together, "pld")).toBeGreaterThanOrEqual(least - 1e-9);
  expect(epsilonOf(together)).toBeLessThanOrEqual(epsilonOf(together, "rdp"));
});

describe.each([
  ["coins of 0.5", coin(0.5), "zero-out"],
  ["coins of 0.01", coin(0.01), "zero-out"],
  ["coins of 0.5, replaced", coin(0.5), "replace-one"],
  ["coins of 0.5, at most 50 of 100", { poisson: { rate: 0.5, cap: 50, population: 100 } }, "zero-out"],
] as const)("%s", (_, sampling, adjacency) => {
  test("less noise costs more, down to none", () => {
    let before = 0;
    // e^(1/z^2) leaves the range of a double below 0.0375, its root below 0.0266
    for (const z of [1, 0.05, 0.035, 0.02, 0.001]) {
      const epsilon = epsilonOf([charge(gaussian(z, sampling, adjacency), 2)]);
      expect(epsilon).toBeGreaterThanOrEqual(before);
      before = epsilon;
    }
    expect(before).toBeGreaterThan(1e5);
  });
});

test("coins that always come up, and all of N, are everybody", () => {
  for (const z of [0.1, 0.29, 0.3, 2]) {
    const whole = epsilonOf([charge(gaussian(z, "full"), 3)]);
    expect(epsilonOf([charge(gaussian(z, coin(1)), 3)])).toBe(whole);
    const replaced = gaussian(z, { fixed: { cohort: 6, population: 6 } }, "replace-one");
    expect(epsilonOf([charge(replaced, 3)])).toBe(epsilonOf([charge(gaussian(z, "full", "replace-one"), 3)]));
  }
});

test("a draw never costs more than none", () => {
  const fixed = gaussian(1, { fixed: { cohort: 4, population: 6 } }, "replace-one");
  const everybody = gaussian(1, "full", "replace-one");
  expect(epsilonOf([charge(fixed, 3)], "best", 1e-2)).toBeLessThanOrEqual(
    epsilonOf([charge(everybody, 3)], "best", 1e-2),
  );
});

const multiplier = fc.double({ min: -2, max: 1.5, noNaN: true }).map((exponent) => 10 ** exponent);
const sampling = fc.oneof(fc.constant<Sampling>("full"), fc.double({ min: 0.001, max: 1, noNaN: true }).map(coin));
const charges = fc.array(
  fc.record({
    mechanism: fc.tuple(multiplier, sampling).map(([z, drawn]) => gaussian(z, drawn)),
    times: fc.integer({ min: 1, max: 10_000 }),
  }),
  { minLength: 1, maxLength: 2 },
);

test.each([
  ["rdp", 20],
  ["pld", 4],
  ["best", 2],
] as const)("whatever is charged, one more charge never costs less: %s", (accountant, numRuns) => {
  fc.assert(
    fc.property(charges, charges, (some, more) => {
      const parts = [some, more].map((it) => epsilonOf(it, accountant));
      const together = epsilonOf([...some, ...more], accountant);
      expect(together).not.toBeNaN();
      // the grid of a composition is coarser than that of its parts
      expect(together).toBeGreaterThanOrEqual(Math.max(...parts) * (1 - 1e-3));
    }),
    { numRuns },
  );
});

test("a far larger loss than the grid has points for is rounded up, not lost", () => {
  const [far, near] = [gaussian(1e-4, "full"), gaussian(1, coin(0.001))];
  expect(epsilonOf([charge(far), charge(near)], "pld")).toBeGreaterThan(epsilonOf([charge(far)], "pld"));
});

test.each([
  [0.3, 0.3, 5e5],
  [10, 0.01, 1e8],
  [1e-4, 0.5, 1e9],
])("z %d, coins of %d, %d times: a bound, by whichever accountant has one", (z, rate, times) => {
  const one = [charge(gaussian(z, coin(rate)), times)];
  const epsilon = epsilonOf(one);
  expect(epsilon).toBeGreaterThan(0);
  expect(epsilon).toBeLessThanOrEqual(epsilonOf(one, "rdp"));
});

test("ten thousand million uses leave a grid with nothing on it: losses prove nothing, divergences do", () => {
  const one = [charge(gaussian(0.05, coin(0.99)), 1e10)];
  expect(epsilonOf(one)).toBeLessThanOrEqual(epsilonOf(one, "rdp"));
});

test("noise of next to nothing on a fixed number of clients has a bound, and no less with less noise", () => {
  const fixed = { fixed: { cohort: 10, population: 100 } };
  let before = 0;
  for (const z of [1, 0.1, 1e-3, 1e-12, 1e-100]) {
    const epsilon = epsilonOf([charge(gaussian(z, fixed, "replace-one"))], "rdp");
    expect(epsilon).toBeGreaterThanOrEqual(before);
    before = epsilon;
  }
  expect(epsilonOf([charge(gaussian(1e-200, fixed, "replace-one"))], "rdp")).toBe(Number.POSITIVE_INFINITY);
});

test("more patterns than anybody tries are bounded: two neighbours among a million rounds", () => {
  const limits = { minSeparation: 1, maxParticipations: 2 };
  expect(maxSquaredCounts(1e6, limits)).toBe(2 + 2 + 4 * 18);
  // three of sixty-four at a distance are few enough to be tried
  expect(maxSquaredCounts(64, { minSeparation: 20, maxParticipations: 3 })).toBeLessThan(
    maxSquaredCounts(64, { minSeparation: 0, maxParticipations: 3 }),
  );
});

test("a long tree is bounded, not searched", () => {
  const tree = { mechanism: "tree", noiseMultiplier: 1, adjacency: "zero-out", minSeparation: 0 } as const;
  for (const numLeaves of [32, 64, 20_000]) {
    const epsilon = epsilonOf([charge({ ...tree, numLeaves, maxParticipations: numLeaves })], "rdp");
    expect(epsilon).toBeGreaterThan(numLeaves);
    expect(epsilon).toBeLessThan(numLeaves ** 2 * 10);
  }
});
