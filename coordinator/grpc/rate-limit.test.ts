import { expect, test } from "vitest";
import { rateLimit } from "./rate-limit.ts";

test("a key may burst to its rate, then refills with time; keys do not share", () => {
  const clock = { ms: 0, nowMs: () => 0, monotonicMs: () => clock.ms };
  const mayCall = rateLimit(5, 5, clock);
  const burst = () => Array.from({ length: 8 }, () => mayCall("a")).filter(Boolean).length;
  expect(burst()).toBe(5);
  expect(mayCall("b")).toBe(true);
  clock.ms = 400;
  expect(burst()).toBe(2);
  clock.ms = 60_000;
  expect(burst()).toBe(5);
});

test("a bucket may be deeper than one second of its rate", () => {
  const clock = { ms: 0, nowMs: () => 0, monotonicMs: () => clock.ms };
  const mayCall = rateLimit(2, 6, clock);
  const burst = () => Array.from({ length: 8 }, () => mayCall("a")).filter(Boolean).length;
  expect(burst()).toBe(6);
  clock.ms = 1_000;
  expect(burst()).toBe(2);
});
