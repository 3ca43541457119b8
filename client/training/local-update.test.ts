import { expect, test } from "vitest";
import { deltaOf } from "./local-update.ts";

test("the delta is local minus base, rounded to float32 once, where the local weights were", () => {
  const weights = Float32Array.of(1, 0.1, 1e30, -2);
  const base = Float32Array.of(0.75, 0.1, -1e30, 2 ** -30);
  const delta = deltaOf(weights, base);
  expect(delta).toBe(weights);
  expect([...delta]).toEqual([0.25, 0, Math.fround(2 * Math.fround(1e30)), -2]);
  expect([...base]).toEqual([0.75, Math.fround(0.1), -Math.fround(1e30), 2 ** -30]);
});
