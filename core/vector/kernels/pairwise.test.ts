import { describe, expect, test } from "vitest";
import { gaussian } from "../../random/gaussian.ts";
import { seededRandom } from "../../random/seeded.ts";
import { BLOCK_LENGTH, newBlock, rowOf, TILE_LENGTH } from "./layout.ts";
import { addPairsOf, type DistancePath } from "./pairwise.ts";

const { fround } = Math;

function sumsOf(rows: readonly Float32Array[], path: DistancePath, length = BLOCK_LENGTH) {
  const block = newBlock(rows.length);
  for (const [i, row] of rows.entries()) block.set(row, i * BLOCK_LENGTH);
  const n = rows.length;
  const sums = { numRows: n, squaredDistances: new Float64Array(n * n), innerProducts: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) addPairsOf(i, block, length, path, sums);
  return sums;
}

/** The order of every addition, written as the definition reads: lanes, then tiles. */
function byDefinition(a: Float32Array, b: Float32Array, term: (x: number, y: number) => number, round: typeof fround) {
  let block = 0;
  for (let tile = 0; tile < BLOCK_LENGTH; tile += TILE_LENGTH) {
    const lanes = [0, 1, 2, 3].map((lane) => {
      let sum = 0;
      for (let i = lane; i < TILE_LENGTH; i += 4) sum = round(sum + term(a[tile + i] ?? 0, b[tile + i] ?? 0));
      return sum;
    });
    block += lanes.reduce((sum, lane) => sum + lane);
  }
  return block;
}

describe("distances and inner products of a block", () => {
  test.each(["fast", "exact"] as const)("worked by hand on the %s path: (1, 2) and (4, -2)", (path) => {
    const { squaredDistances, innerProducts } = sumsOf([Float32Array.of(1, 2), Float32Array.of(4, -2)], path);
    expect([...squaredDistances]).toEqual([0, 25, 0, 0]);
    expect([...innerProducts]).toEqual([5, 0, 0, 20]);
  });

  test.each([1, 2, 3])("both paths add in the order of the definition, to the bit (%i)", (seed) => {
    const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
    const vector = () => Float32Array.from({ length: 2 * TILE_LENGTH + 5 }, () => 10 ** seed * draw());
    const [a, b] = [vector(), vector()];
    const fast = sumsOf([a, b], "fast");
    const square32 = (x: number, y: number) => fround(fround(x - y) * fround(x - y));
    expect(fast.squaredDistances[1]).toBe(byDefinition(a, b, square32, fround));
    expect(fast.innerProducts[1]).toBe(byDefinition(a, b, (x, y) => fround(x * y), fround));
    const exact = sumsOf([a, b], "exact");
    const same = (x: number) => x;
    expect(exact.squaredDistances[1]).toBe(byDefinition(a, b, (x, y) => (x - y) * (x - y), same));
    expect(exact.innerProducts[1]).toBe(byDefinition(a, b, (x, y) => x * y, same));
  });

  test("the fast path rounds to float32 at every step, the exact path at none", () => {
    const a = Float32Array.of(16777216, 0, 0, 0, 1);
    const zero = new Float32Array(5);
    expect(sumsOf([a, zero], "fast").squaredDistances[1]).toBe(2 ** 48);
    expect(sumsOf([a, zero], "exact").squaredDistances[1]).toBe(2 ** 48 + 1);
  });

  test("a tile of padding may be left out", () => {
    const rows = [Float32Array.of(0.1, 0.7, 3), Float32Array.of(-0.3, 0.2, 9)];
    expect(sumsOf(rows, "fast", 3)).toEqual(sumsOf(rows, "fast"));
  });

  test("a row of a block is a view of it", () => {
    const block = newBlock(2);
    rowOf(block, 1, 3).set([1, 2, 3]);
    expect([...block.subarray(BLOCK_LENGTH, BLOCK_LENGTH + 4)]).toEqual([1, 2, 3, 0]);
  });
});
