import { expect, test } from "vitest";
import { byteDataset, floatDataset, heldSubset, subset } from "./dataset.ts";

test("bytes are divided by 255, or by what is asked for", () => {
  const [pixels, labels] = [Uint8Array.of(0, 51, 255, 100), Uint8Array.of(3, 1)];
  const both = Uint32Array.of(1, 0);
  expect([...byteDataset(pixels, labels, [2]).batch(both).inputs]).toEqual([1, 100 / 255, 0, 0.2].map(Math.fround));
  const hundredths = byteDataset(pixels, labels, [2], 100).batch(both);
  expect([...hundredths.inputs]).toEqual([2.55, 1, 0, 0.51].map(Math.fround));
  expect([...hundredths.labels]).toEqual([1, 3]);
});

test("a batch may take the memory of one of its size that is over, and of no other", () => {
  const whole = byteDataset(Uint8Array.of(255, 0, 51, 102), Uint8Array.of(3, 1, 0, 2), [1]);
  const part = subset(whole, Uint32Array.of(3, 2, 0));
  const first = part.batch(Uint32Array.of(0, 1));
  const second = part.batch(Uint32Array.of(2, 0), first);
  expect(second).toEqual({ inputs: Float32Array.of(1, 0.4), labels: Int32Array.of(3, 2) });
  expect(second.inputs).toBe(first.inputs);

  const longer = part.batch(Uint32Array.of(0, 1, 2), second);
  expect([...longer.inputs]).toEqual([0.4, 0.2, 1].map(Math.fround));
  const ofOthers = floatDataset(new Float32Array(4), Int32Array.of(0, 0), [2]).batch(Uint32Array.of(0, 1));
  expect(part.batch(Uint32Array.of(0, 1), ofOthers).inputs).toHaveLength(2);
  expect(part.batch(Uint32Array.of(0, 1, 2, 0), ofOthers).labels).toEqual(Int32Array.of(2, 0, 3, 2));
  expect(second).toEqual({ inputs: Float32Array.of(1, 0.4), labels: Int32Array.of(3, 2) });
});

test("a subset sees its examples under new numbers, and the whole set's shape", () => {
  const whole = floatDataset(Float32Array.of(0.5, 1.5, 2.5, 3.5), Int32Array.of(0, 300, 2, 1), [1, 1]);
  expect(whole).toMatchObject({ numExamples: 4, numClasses: 301, inputShape: [1, 1] });
  const part = subset(whole, Uint32Array.of(3, 1));
  expect(part).toMatchObject({ numExamples: 2, numClasses: 301, inputShape: [1, 1] });
  const { inputs, labels } = part.batch(Uint32Array.of(1, 0, 1));
  expect([...inputs]).toEqual([1.5, 3.5, 1.5]);
  expect([...labels]).toEqual([300, 1, 300]);
  expect([...heldSubset(whole, Uint32Array.of(3, 1)).labels]).toEqual([1, 300]);
  expect(part).not.toHaveProperty("labels");
});
