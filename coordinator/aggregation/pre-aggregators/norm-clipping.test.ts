import { describe, expect, test } from "vitest";
import { mixedBy } from "../rules/testing.ts";
import { normClipping } from "./norm-clipping.ts";

describe("NormClipping", () => {
  test("worked by hand: only what is longer than 5 is cut to it", () => {
    const mixed = mixedBy(normClipping({ clipNorm: 5 }), [
      [30, 40],
      [3, 4],
      [0, 1],
      [0, 0],
    ]);
    expect(mixed).toEqual([
      [3, 4],
      [3, 4],
      [0, 1],
      [0, 0],
    ]);
  });

  test("norms of 1e-30 and 1e30 come out right", () => {
    const [short, long] = mixedBy(normClipping({ clipNorm: 2 }), [[1e-30], [-1e30]]);
    expect(short).toEqual([1e-30]);
    expect(long?.[0]).toBeCloseTo(-2, 12);
  });

  test("every row keeps its client", () => {
    const step = normClipping({ clipNorm: 1 });
    expect([step.keepsClients, step.numOutputs(7), step.feasible(1), step.feasible(0)]).toEqual([true, 7, true, false]);
  });
});
