import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mixedBy } from "../rules/testing.ts";
import { arc } from "./arc.ts";

describe("ARC", () => {
  test("worked by hand: of five with f = 1, floor(2/5 * 4) = 1 is cut to the next norm", () => {
    expect(mixedBy(arc({ numByzantine: 1 }), [[3], [-80], [1], [4], [2]])).toEqual([[3], [-4], [1], [4], [2]]);
  });

  test("k = floor(2 (f/n) (n-f)): of ten with f = 3, 4 are cut", () => {
    const norms = mixedBy(
      arc({ numByzantine: 3 }),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((it) => [it]),
    ).flat();
    expect(norms).toEqual([1, 2, 3, 4, 5, 6, 6, 6, 6, 6]);
  });

  test("f = 0 changes nothing", () => {
    expect(mixedBy(arc({ numByzantine: 0 }), [[1], [1e30]])).toEqual([[1], [1e30]]);
  });

  test("equal norms, zero ones included, stay as they are", () => {
    expect(mixedBy(arc({ numByzantine: 1 }), [[2], [-2], [2]])).toEqual([[2], [-2], [2]]);
    expect(mixedBy(arc({ numByzantine: 1 }), [[0], [0], [0]])).toEqual([[0], [0], [0]]);
    expect(mixedBy(arc({ numByzantine: 1 }), [[0], [0], [5]])).toEqual([[0], [0], [0]]);
  });

  test("no row comes out longer than the longest honest one", () => {
    const norm = fc.oneof(fc.float({ min: 0, max: 100, noNaN: true }), fc.constantFrom(1e30, 1e38));
    fc.assert(
      fc.property(
        fc.array(norm, { minLength: 1, maxLength: 4 }),
        fc.array(norm, { minLength: 1, maxLength: 5 }),
        (attackers, more) => {
          const honest = [...attackers, ...more];
          const mixed = mixedBy(arc({ numByzantine: attackers.length }), [
            ...attackers.map((it) => [it * 10]),
            ...honest.map((it) => [-it]),
          ]);
          expect(Math.max(...mixed.map(([it]) => Math.abs(it as number)))).toBeLessThanOrEqual(
            Math.max(...honest) * (1 + 1e-12),
          );
        },
      ),
    );
  });

  test("half of the updates being attackers is infeasible", () => {
    expect([arc({ numByzantine: 2 }).feasible(4), arc({ numByzantine: 2 }).feasible(5)]).toEqual([false, true]);
  });
});
