import { expect, test } from "vitest";
import { crossEntropy } from "./cross-entropy.ts";

test("worked by hand: equal logits cost ln 3, and the lowest class wins the tie", () => {
  const { lossSum, numCorrect } = crossEntropy(Float32Array.of(2, 2, 2, 2, 2, 2), Int32Array.of(0, 1), 3);
  expect(lossSum).toBeCloseTo(2 * Math.log(3), 12);
  expect(numCorrect).toBe(1);
});

test("logits of 1e30 neither overflow nor lose the loss", () => {
  const { lossSum, numCorrect } = crossEntropy(Float32Array.of(1e30, 0, -1e30), Int32Array.of(0), 3);
  expect(lossSum).toBe(0);
  expect(numCorrect).toBe(1);
  expect(crossEntropy(Float32Array.of(1000, 0), Int32Array.of(1), 2).lossSum).toBe(1000);
});

test("a model that diverged is wrong everywhere and says so: no accuracy, loss NaN", () => {
  const { lossSum, numCorrect } = crossEntropy(Float32Array.of(Number.NaN, 1), Int32Array.of(0), 2);
  expect(lossSum).toBeNaN();
  expect(numCorrect).toBe(0);
});
