import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Conflicts, canSettle, canSettleWithout, conflictsAmong, rivalsOf, takeOut } from "./conflicts.ts";

type Edge = readonly [number, number];

const conflictsOf = (n: number, edges: readonly Edge[]): Conflicts =>
  conflictsAmong(n, (i, j) => edges.some(([a, b]) => (a === i && b === j) || (a === j && b === i)));

/** The fewest rows whose absence leaves no conflict, by trying all sets of rows. */
function fewest(n: number, edges: readonly Edge[]): number {
  const sets = Array.from({ length: 2 ** n }, (_, set) => set);
  const settles = sets.filter((set) => edges.every(([a, b]) => ((set >> a) | (set >> b)) & 1));
  return Math.min(...settles.map((set) => set.toString(2).replaceAll("0", "").length));
}

const ring = (from: number, length: number): Edge[] =>
  Array.from({ length }, (_, i) => [from + i, from + ((i + 1) % length)]);
const clique = (from: number, size: number): Edge[] =>
  Array.from({ length: size }, (_, i) => from + i).flatMap((a) =>
    Array.from({ length: from + size - a - 1 }, (_, k): Edge => [a, a + k + 1]),
  );

/** Only without 2, 3, 5 and 6 four are enough: row 1, the first of three rivals, has to stay. */
const THREE_GO: Edge[] = [
  [0, 2],
  [0, 5],
  [1, 2],
  [1, 3],
  [1, 6],
  [2, 5],
  [3, 4],
  [3, 6],
  [4, 5],
  [4, 6],
];

describe("taking out rows until no conflict remains", () => {
  test.each([
    ["no conflict", [], 0],
    ["one pair", [[2, 3]], 1],
    [
      "a star",
      [
        [0, 1],
        [0, 2],
        [0, 3],
        [0, 4],
      ],
      1,
    ],
    [
      "a chain of five pairs",
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
      ],
      3,
    ],
    ["a ring of five", ring(0, 5), 3],
    ["a ring of six and one of three", [...ring(0, 6), ...ring(6, 3)], 5],
    ["two cliques of four", [...clique(0, 4), ...clique(4, 4)], 6],
    ["where all three rivals of the busiest have to go", THREE_GO, 4],
  ] as [string, Edge[], number][])("%s", (_, edges, needed) => {
    const conflicts = conflictsOf(9, edges);
    expect(canSettle(conflicts, needed)).toBe(true);
    expect(canSettle(conflicts, needed - 1)).toBe(false);
  });

  test("as few as trying all sets of rows finds, and nothing is moved by asking", () => {
    const graph = fc.integer({ min: 2, max: 9 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        edges: fc.array(
          fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).filter(([a, b]) => a !== b),
          { maxLength: 16 },
        ),
      }),
    );
    fc.assert(
      fc.property(graph, ({ n, edges }) => {
        const conflicts = conflictsOf(n, edges);
        const before = structuredClone(conflicts);
        const needed = fewest(n, edges);
        expect(canSettle(conflicts, needed)).toBe(true);
        expect(canSettle(conflicts, needed - 1)).toBe(false);
        expect(conflicts).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test("rows that are out are nobody's rivals", () => {
    const conflicts = conflictsOf(4, ring(0, 4));
    expect(canSettleWithout(conflicts, [0], 1)).toBe(false);
    expect(canSettleWithout(conflicts, [0], 2)).toBe(true);
    takeOut(conflicts, [0]);
    expect(rivalsOf(conflicts, 1)).toEqual([2]);
    expect(canSettle(conflicts, 1)).toBe(true);
  });
});
