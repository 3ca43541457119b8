import { expect, test } from "vitest";
import { permutation, type Random } from "./random.ts";

/** Gives these bytes, six at a time. */
function bytesOf(...draws: readonly (readonly number[])[]): Random {
  const left = draws.map((it) => Uint8Array.from(it));
  return { bytes: () => left.shift() ?? new Uint8Array(6), uniform: () => 0 };
}

test("worked by hand: 48 bits, the highest first, are 258 and 1, so that the last of four is 2 and the next 1", () => {
  const random = bytesOf([0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 1]);
  expect([...permutation(random, 4)]).toEqual([3, 0, 1, 2]);
});

test("what would favour low values is drawn again: of three indices, 48 bits that are all ones", () => {
  const highest = [255, 255, 255, 255, 255, 255];
  expect([...permutation(bytesOf(highest, [0, 0, 0, 0, 0, 1]), 3)]).toEqual([2, 0, 1]);
});
