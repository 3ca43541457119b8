import { expect, test } from "vitest";
import { TimeCovered } from "./time-covered.ts";

test("time in which several were at it counts once, in whatever order they tell", () => {
  const time = new TimeCovered();
  expect(time.ms).toBe(0);
  time.begin();
  time.begin();
  time.end([
    [10, 12],
    [2, 3],
  ]);
  time.end([
    [1, 4],
    [4, 5],
    [3, 6],
  ]);
  expect(time.ms).toBe(7);
  time.begin();
  time.end([[20, 21.5]]);
  expect(time.ms).toBe(8.5);
});
