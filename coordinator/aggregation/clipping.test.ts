import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clip } from "../../core/vector/clip.ts";
import { norm } from "../../core/vector/norms.ts";
import { clipRows } from "./clipping.ts";
import type { RowSource } from "./engine/engine.ts";
import { readRow } from "./engine/read-row.ts";
import { float32, normalVectors, rowsOf, testEngine } from "./testing.ts";

async function clipped(vector: Float32Array, clipNorm: number): Promise<Float32Array> {
  const { sources } = await clipRows(testEngine, rowsOf([vector]), clipNorm);
  const values = new Float32Array(vector.length);
  readRow(sources[0] as RowSource, 0, values);
  return values;
}

describe("clipping rows as they are read", () => {
  test("worked by hand: (3, 4) to norm 2.5; (0, 0.5) is short enough", async () => {
    expect(await clipped(Float32Array.of(3, 4), 2.5)).toEqual(Float32Array.of(1.5, 2));
    expect(await clipped(Float32Array.of(0, 0.5), 1)).toEqual(Float32Array.of(0, 0.5));
  });

  test("is to the bit what clip does to the whole vector, and never above the bound", async () => {
    const values = fc.float32Array({ minLength: 1, maxLength: 20, noNaN: true });
    const bound = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    await fc.assert(
      fc.asyncProperty(values, bound, async (vector, clipNorm) => {
        const result = await clipped(vector, clipNorm);
        expect(result).toEqual(clip(vector, clipNorm));
        expect(norm(result)).toBeLessThanOrEqual(clipNorm);
      }),
    );
    const [long] = normalVectors(1, 40_000, 3) as [Float32Array];
    expect(norm(await clipped(long, 0.7))).toBe(norm(clip(long, 0.7)));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a row with %d becomes the zero vector", async (value) => {
    expect(await clipped(Float32Array.of(1, value), 5)).toEqual(new Float32Array(2));
  });

  test("the rows themselves are left as they are", async () => {
    const [vector] = float32([30, 40]) as [Float32Array];
    await clipped(vector, 1);
    expect([...vector]).toEqual([30, 40]);
  });
});
