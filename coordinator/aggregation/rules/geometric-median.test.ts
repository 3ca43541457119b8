import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Bytes } from "../../../core/crypto/sha256.ts";
import { normals } from "../../../core/random/normals.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { type GeometricMedianParameters, geometricMedian } from "./geometric-median.ts";
import { outcomeOf } from "./testing.ts";

const rule = (parameters: Partial<GeometricMedianParameters> = {}) =>
  geometricMedian({ numByzantine: 1, nu: 1e-6, maxIterations: 1000, tolerance: 1e-10, start: "mean", ...parameters });

const of = (updates: readonly (readonly number[])[], parameters?: Partial<GeometricMedianParameters>) =>
  outcomeOf(rule(parameters), { updates }).aggregate;

function expectClose(actual: readonly number[], wanted: readonly number[], tolerance = 1e-6): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [k, value] of wanted.entries())
    expect(Math.abs((actual[k] as number) - value)).toBeLessThanOrEqual(tolerance);
}

const rows = fc.tuple(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 1, max: 4 })).chain(([n, d]) =>
  fc.array(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: d, maxLength: d }), {
    minLength: n,
    maxLength: n,
  }),
);

describe("GeometricMedian", () => {
  test("worked by hand: where the diagonals of a square with an outlying corner cross", () => {
    expectClose(
      of([
        [1, 1],
        [-1, -1],
        [5, -5],
        [-1, 1],
      ]),
      [0, 0],
    );
  });

  test("worked by hand: one smoothed step from zero weighs rows by 1/5 and 1/nu", () => {
    const { coefficients } = outcomeOf(rule({ nu: 10, maxIterations: 1, tolerance: 0, start: "zero" }), {
      updates: [
        [3, 4],
        [0, 20],
        [0, 40],
      ],
    });
    // 1/max(10, 5), 1/20, 1/40
    expectClose([...coefficients], [0, 4 / 7, 2 / 7, 1 / 7], 1e-15);
  });

  test("a majority in one place holds it there, whatever the others say", () => {
    expectClose(
      of(
        [
          [7, 7],
          [7, 7],
          [7, 7],
          [1e9, 0],
          [0, -1e9],
        ],
        { numByzantine: 2 },
      ),
      [7, 7],
    );
  });

  test("weights: a row of weight 3 counts like three rows", () => {
    const updates = [
      [0, 0],
      [4, 1],
      [1, 6],
    ];
    const weighted = outcomeOf(rule({ numByzantine: 0 }), { updates, weights: [3, 1, 1] });
    expectClose(
      weighted.aggregate,
      of(
        [
          [0, 0],
          [0, 0],
          [0, 0],
          [4, 1],
          [1, 6],
        ],
        { numByzantine: 0 },
      ),
    );
  });

  test("how much each update counts is reported", () => {
    const { perUpdate } = outcomeOf(rule(), { updates: [[1], [2], [1e6]] });
    const [a = 0, b = 0, far = 0] = perUpdate?.["geometricMedianWeight"] ?? [];
    expect(a + b + far).toBeCloseTo(1, 12);
    expect(far).toBeLessThan(1e-5);
  });

  test("stopped before it has settled, it says so; with tolerance 0 a number of steps was asked for", () => {
    const updates = [
      [0, 1],
      [3, 1],
      [9, 40],
    ];
    expect(outcomeOf(rule({ maxIterations: 2 }), { updates }).remarks).toEqual([
      "GeometricMedian was still moving after 2 iterations",
    ]);
    expect(outcomeOf(rule({ maxIterations: 2, tolerance: 0 }), { updates }).remarks).toBeUndefined();
    expect(outcomeOf(rule(), { updates }).remarks).toBeUndefined();
  });

  test("one update, all the same, all zero: that update", () => {
    expect(of([[3, -4]], { numByzantine: 0 })).toEqual([3, -4]);
    expectClose(
      of([
        [0.1, 7],
        [0.1, 7],
        [0.1, 7],
      ]),
      [0.1, 7],
      1e-15,
    );
    expect(of([[0], [0], [0]], { start: "zero" })).toEqual([0]);
  });

  test.each([1e6, 1e15, 1e30])("two of five at norm %f are left behind", (norm) => {
    const [x = 0, y = 0] = of(
      [
        [norm, 0],
        [norm, 1],
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      { numByzantine: 2 },
    );
    expect(Math.hypot(x - 1, y)).toBeLessThan(2);
  });

  test.each([
    [41, 20, 1e30, 1],
    [61, 30, 1e15, 1],
    [101, 50, 1e6, 1],
    [201, 100, 1e6, 1e-3],
    [301, 150, 9e5, 0.1],
  ])(
    "%i updates, %i of them at %f, the others within %f: its kappa holds though the mean is too far to come back from",
    (n, f, far, near) => {
      const draw = normals(seededRandom(sha256Bytes("honest updates")));
      const honest = Array.from({ length: n - f }, () => [...draw(4, near)]);
      const colluders = Array.from({ length: f }, () => [far, 0, 0, ...draw(1, near)]);
      const found = of([...colluders, ...honest], { numByzantine: f });
      const mean = [0, 1, 2, 3].map((k) => honest.reduce((sum, row) => sum + (row[k] as number), 0) / honest.length);
      const squaredError = (row: readonly number[]) =>
        row.reduce((sum, it, k) => sum + (it - (mean[k] as number)) ** 2, 0);
      const spread = honest.reduce((sum, row) => sum + squaredError(row), 0) / honest.length;
      expect(squaredError(found)).toBeLessThan(4 * (1 + f / (n - 2 * f)) ** 2 * spread);
    },
  );

  test("colluders that nearly agree do not break the arithmetic", () => {
    const colluders = [
      [1000, 1 / 64],
      [1000, 2 / 64],
      [1000, 3 / 64],
    ];
    const [x = 0, y = 0] = of([...colluders, [0, 0], [2, 0], [0, 2], [2, 2]], { numByzantine: 3 });
    expect(x).toBeLessThan(5);
    expect(Math.abs(y)).toBeLessThan(5);
  });

  test("the order of the updates, a shift and a scale pass through", () => {
    fc.assert(
      fc.property(rows, fc.nat(6), (updates, turn) => {
        const parameters = { nu: 0.1, maxIterations: 20, tolerance: 0 };
        const z = of(updates, parameters);
        const turned = updates.map((_, i) => updates[(i + turn) % updates.length] ?? []);
        expectClose(of(turned, parameters), z, 1e-9);
        expectClose(
          of(
            updates.map((row) => row.map((x) => x + 11)),
            parameters,
          ),
          z.map((x) => x + 11),
          1e-9,
        );
        const tripled = of(
          updates.map((row) => row.map((x) => 3 * x)),
          { ...parameters, nu: 0.3 },
        );
        expectClose(
          tripled,
          z.map((x) => 3 * x),
          1e-9,
        );
      }),
    );
  });

  test("no step of any length lowers the summed distance by more than the smoothing", () => {
    fc.assert(
      fc.property(rows, fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(3), (updates, step, axis) => {
        const cost = (z: readonly number[]) =>
          updates.reduce((sum, x) => sum + Math.hypot(...x.map((value, k) => value - (z[k] as number))), 0);
        const z = of(updates, { tolerance: 1e-13 });
        const beside = z.map((value, k) => (k === axis ? value + step : value));
        expect(cost(z)).toBeLessThanOrEqual(cost(beside) + updates.length * 2e-6);
      }),
    );
  });

  test("f updates with half of the weight are refused", () => {
    expect(rule().feasible(2)).toBe(false);
    expect(rule().feasible(3)).toBe(true);
    expect(rule().feasible(3, Float64Array.of(1, 1, 2))).toBe(false);
    expect(rule().feasible(4, Float64Array.of(1, 1, 1, 2))).toBe(true);
    expect(rule({ numByzantine: 0 }).feasible(1)).toBe(true);
  });
});
