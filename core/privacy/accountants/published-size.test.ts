import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundOf } from "./accountant.ts";
import { binomial, binomialTail } from "./binomial.ts";
import { sampledGaussianDelta } from "./gaussian-pld.ts";
import type { Adjacency, Sampling } from "./mechanism.ts";
import { sizeClasses } from "./published-size.ts";
import { subsetDelta } from "./published-size-pld.ts";
import { publishedSizeRdp } from "./published-size-rdp.ts";

const charge = (z: number, adjacency: Adjacency, sampling: Sampling, times: number) =>
  ({ mechanism: { mechanism: "gaussian", noiseMultiplier: z, adjacency, sampling }, times }) as const;
const sized = (rate: number, population: number, cap?: number): Sampling => ({
  poisson: { rate, population, sizePublished: true, ...(cap !== undefined && { cap }) },
});

const normal = (x: number, z: number) => Math.exp((-x * x) / (2 * z * z)) / (z * Math.sqrt(2 * Math.PI));

function subsets(of: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return of.flatMap((first, i) => subsets(of.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}

/** sup_A P(A) - e^eps Q(A), by a sum over a fine grid: densities of a noisy sum over all subsets of that size. */
function trueDelta(z: number, size: number, [p, q]: readonly [number[], number[]], epsilon: number): number {
  const sums = [p, q].map((values) => subsets(values, size).map((it) => it.reduce((sum, x) => sum + x, 0)));
  const [density, other] = sums.map(
    (of) => (x: number) => of.reduce((d, sum) => d + normal(x - sum, z), 0) / of.length,
  );
  const step = z / 200;
  let delta = 0;
  for (let x = -p.length - 9 * z; x < p.length + 9 * z; x += step) {
    delta += step * Math.max(0, (density?.(x) as number) - Math.exp(epsilon) * (other?.(x) as number));
  }
  return delta;
}

const part = fc.double({ min: -1, max: 1, noNaN: true });
const worlds = fc.record({
  z: fc.double({ min: 0.4, max: 3, noNaN: true }),
  size: fc.integer({ min: 1, max: 4 }),
  others: fc.array(part, { minLength: 4, maxLength: 4 }),
  own: part,
  instead: part,
  epsilon: fc.double({ min: -2, max: 2, noNaN: true }),
});

describe("a sum over so many clients, whatever the others contribute", () => {
  test("no client left out shows more than is charged, in either direction", () => {
    fc.assert(
      fc.property(worlds, ({ z, size, others, own, epsilon }) => {
        const there = [...others, own];
        const gone = [...others, 0];
        const of = (direction: "remove" | "add") => subsetDelta(z, size / 5, "zero-out", direction, epsilon) + 2e-6;
        expect(trueDelta(z, size, [there, gone], epsilon)).toBeLessThanOrEqual(of("remove"));
        expect(trueDelta(z, size, [gone, there], epsilon)).toBeLessThanOrEqual(of("add"));
      }),
      { numRuns: 60 },
    );
  });

  test("no client replaced does", () => {
    fc.assert(
      fc.property(worlds, ({ z, size, others, own, instead, epsilon }) => {
        const pair = [
          [...others, own],
          [...others, instead],
        ] as [number[], number[]];
        const charged = subsetDelta(z / 2, size / 5, "replace-one", "remove", epsilon);
        expect(trueDelta(z, size, pair, epsilon)).toBeLessThanOrEqual(charged + 2e-6);
      }),
      { numRuns: 60 },
    );
  });

  test("others who all contribute the opposite show it all: the bound is met, the plain Poisson curve is passed", () => {
    const pair = [
      [-1, -1, -1, -1, 1],
      [-1, -1, -1, -1, 0],
    ] as [number[], number[]];
    for (const epsilon of [0.1, 0.5, 2]) {
      const shown = trueDelta(1, 2, pair, epsilon);
      expect(shown).toBeCloseTo(subsetDelta(1, 0.4, "zero-out", "remove", epsilon), 5);
      expect(shown).toBeGreaterThan(1.02 * sampledGaussianDelta(1, 0.4, "remove", epsilon));
    }
  });
});

describe("the cost", () => {
  const epsilonOf = (sampling: Sampling, adjacency: Adjacency = "zero-out", accountant: "pld" | "rdp" = "pld") =>
    boundOf([charge(1, adjacency, sampling, 20)], 1e-2, accountant).epsilon;

  test("lies between that of a secret size and that of everybody", () => {
    for (const adjacency of ["zero-out", "replace-one"] as const) {
      for (const accountant of ["pld", "rdp"] as const) {
        const here = epsilonOf(sized(0.2, 40), adjacency, accountant);
        expect(here).toBeLessThan(epsilonOf("full", adjacency, accountant));
        expect(here).toBeGreaterThan(epsilonOf({ poisson: { rate: 0.2 } }, adjacency, "pld"));
      }
    }
  });

  test("is not below what known sizes alone give away, where nobody else contributes", () => {
    // 10 clients, rate 0.1, 20 rounds at delta 0.05: 1.09 by mixing the plain curves of all sizes, 0.68 without sizes
    const bound = boundOf([charge(1, "zero-out", sized(0.1, 10), 20)], 0.05);
    expect(bound.epsilon).toBeGreaterThan(1.09);
  });

  test("falls where a cap keeps draws small, and is that of everybody where all are drawn", () => {
    expect(epsilonOf(sized(0.3, 40, 12))).toBeLessThan(epsilonOf(sized(0.3, 40)));
    expect(epsilonOf(sized(1, 40))).toBe(epsilonOf("full"));
    for (const accountant of ["pld", "rdp"] as const) {
      const almost = epsilonOf(sized(1 - 1e-9, 40), "zero-out", accountant);
      expect(almost / epsilonOf("full", "zero-out", accountant)).toBeCloseTo(1, 3);
    }
  });

  test("by divergences is never below that by losses, nor above that of everybody at any order", () => {
    const draw = { rate: 0.1, population: 50, sizePublished: true } as const;
    for (const adjacency of ["zero-out", "replace-one"] as const) {
      for (const z of [0.05, 0.6, 1, 5]) {
        const rdp = publishedSizeRdp(z, draw, adjacency);
        for (const order of [1.1, 2, 7, 40, 1024]) expect(rdp(order)).toBeLessThanOrEqual(order / (2 * z * z));
        const [byRdp, byPld] = (["rdp", "pld"] as const).map(
          (it) => boundOf([charge(z, adjacency, { poisson: draw }, 5)], 1e-4, it).epsilon,
        );
        expect(byRdp).toBeGreaterThanOrEqual(byPld as number);
      }
    }
  });

  test("a divergence is what the integral of its curve is", () => {
    // E_Q[(P/Q)^2] = 1 + 2 (integral of delta over e^eps from 0 up, both directions together)
    const draw = { rate: 0.25, population: 8, sizePublished: true } as const;
    const classes = sizeClasses(draw);
    const h = 1e-3;
    let integral = 0;
    for (let epsilon = h / 2; epsilon < 25; epsilon += h) {
      for (const { weight, share } of classes) {
        const forwards = subsetDelta(1, share, "zero-out", "remove", epsilon) * Math.exp(epsilon);
        const backwards = subsetDelta(1, share, "zero-out", "add", epsilon) * Math.exp(-2 * epsilon);
        integral += h * weight * (forwards + backwards);
      }
    }
    expect(publishedSizeRdp(1, draw, "zero-out")(2)).toBeCloseTo(Math.log1p(2 * integral), 5);
  });
});

describe("classes of sizes", () => {
  test.each([
    [10, 0.1, 10],
    [1_000, 0.01, 1_000],
    [1_000_000, 0.3, 1_000_000],
    [100, 0.2, 15],
    [100, 0.99, 3],
  ])(
    "%i clients, rate %d, cap %i: few, all of the mass, the mean, and no lower mean square",
    (population, rate, cap) => {
      const classes = sizeClasses({ rate, population, cap, sizePublished: true });
      const { from, masses } = binomial(population, rate);
      const moment = (power: number) =>
        masses.reduce((sum, mass, i) => sum + mass * (Math.min(cap, from + i) / population) ** power, 0);
      const ofClasses = (power: number) => classes.reduce((sum, it) => sum + it.weight * it.share ** power, 0);
      expect(classes.length).toBeLessThan(40);
      expect(ofClasses(0)).toBeCloseTo(1, 12);
      expect(ofClasses(1) / moment(1)).toBeCloseTo(1, 10);
      expect(ofClasses(2) / moment(2)).toBeGreaterThan(1 - 1e-9);
      expect(ofClasses(2) / moment(2)).toBeLessThan(1.02);
    },
  );

  test("a larger share never costs less, and between two shares the cost lies below the line", () => {
    const unit = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, fc.double({ min: 0.2, max: 4, noNaN: true }), part, (a, b, z, epsilon) => {
        for (const adjacency of ["zero-out", "replace-one"] as const) {
          for (const direction of ["remove", "add"] as const) {
            const at = (share: number) => subsetDelta(z, share, adjacency, direction, epsilon);
            expect(at(Math.max(a, b))).toBeGreaterThanOrEqual(at(Math.min(a, b)) - 1e-12);
            expect(at((a + b) / 2)).toBeLessThanOrEqual((at(a) + at(b)) / 2 + 1e-12);
          }
        }
      }),
    );
  });
});

test("coins: by hand, their tail, and however many there are", () => {
  expect(binomial(2, 0.25).masses.map((mass) => mass * 16)).toEqual([9, 6, 1].map((it) => expect.closeTo(it, 12)));
  expect(binomialTail(3, 0.5, 2)).toBeCloseTo(0.5, 14);
  expect(binomialTail(4, 1, 4)).toBe(1);
  expect(binomialTail(10, 0.3, 0)).toBeCloseTo(1, 14);
  expect(binomialTail(1e12, 1e-12, 1)).toBeCloseTo(1 - Math.exp(-1), 9);
});
