import { describe, expect, test } from "vitest";
import { gaussian } from "../../random/gaussian.ts";
import { seededRandom } from "../../random/seeded.ts";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout.ts";
import { type DistancePath, innerProduct, squaredDistance } from "./pairwise.ts";

const { fround } = Math;

/** Over one block, of vectors that are filled up with zeros. */
function sumsOf(a: Float32Array, b: Float32Array, path: DistancePath) {
  const [x, y] = [a, b].map((vector) => {
    const block = new Float32Array(BLOCK_LENGTH);
    block.set(vector);
    return block;
  }) as [Float32Array, Float32Array];
  return { squaredDistance: squaredDistance(x, y, path), innerProduct: innerProduct(x, y, path) };
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
    const [a, b] = [Float32Array.of(1, 2), Float32Array.of(4, -2)];
    expect(sumsOf(a, b, path)).toEqual({ squaredDistance: 25, innerProduct: 0 });
    expect(sumsOf(a, a, path)).toEqual({ squaredDistance: 0, innerProduct: 5 });
  });

  test.each([1, 2, 3])("both paths add in the order of the definition, to the bit (%i)", (seed) => {
    const draw = gaussian(seededRandom(new Uint8Array(32).fill(seed)));
    const vector = () => Float32Array.from({ length: 2 * TILE_LENGTH + 5 }, () => 10 ** seed * draw());
    const [a, b] = [vector(), vector()];
    const fast = sumsOf(a, b, "fast");
    const square32 = (x: number, y: number) => fround(fround(x - y) * fround(x - y));
    expect(fast.squaredDistance).toBe(byDefinition(a, b, square32, fround));
    expect(fast.innerProduct).toBe(byDefinition(a, b, (x, y) => fround(x * y), fround));
    const exact = sumsOf(a, b, "exact");
    const same = (x: number) => x;
    expect(exact.squaredDistance).toBe(byDefinition(a, b, (x, y) => (x - y) * (x - y), same));
    expect(exact.innerProduct).toBe(byDefinition(a, b, (x, y) => x * y, same));
  });

  test("the fast path rounds to float32 at every step, the exact path at none", () => {
    const a = Float32Array.of(16777216, 0, 0, 0, 1);
    const zero = new Float32Array(5);
    expect(sumsOf(a, zero, "fast").squaredDistance).toBe(2 ** 48);
    expect(sumsOf(a, zero, "exact").squaredDistance).toBe(2 ** 48 + 1);
  });
});
