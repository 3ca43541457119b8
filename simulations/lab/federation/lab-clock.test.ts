import { expect, test } from "vitest";
import { DAY_MS, labClock } from "./lab-clock.ts";

const isOpen = () => true;

test("time goes on once all who were asked are done, however few these have become", () => {
  let asked = ["a", "b", "c"];
  const clock = labClock(() => ({ cohort: () => asked, isOpen }));
  const done = (round: number, ...ids: string[]) => {
    for (const id of ids) clock.done(id, { round, attempt: 0 });
    return clock.nowMs();
  };
  expect(done(1, "a", "b", "b")).toBe(0);
  expect(done(1, "c", "c")).toBe(DAY_MS);
  asked = ["a", "c"];
  expect(done(2, "c")).toBe(DAY_MS);
  expect(done(2, "a")).toBe(2 * DAY_MS);
});

test("who is late with an older attempt takes nothing from the newest", () => {
  const clock = labClock(() => ({ cohort: () => ["a", "b", "c"], isOpen }));
  const done = (id: string, round: number, attempt: number) => {
    clock.done(id, { round, attempt });
    return clock.nowMs();
  };
  const inOrder = [
    done("a", 1, 0),
    done("b", 1, 0),
    done("a", 1, 1),
    done("b", 1, 1),
    done("c", 1, 0),
    done("c", 1, 1),
  ];
  expect(inOrder).toEqual([0, 0, 0, 0, 0, DAY_MS]);
});

test("what is over needs no time to end, and none is taken from what came after it", () => {
  const clock = labClock(() => ({ cohort: () => ["a", "b"], isOpen: ({ round }) => round === 2 }));
  for (const id of ["a", "b"]) clock.done(id, { round: 1, attempt: 0 });
  expect(clock.nowMs()).toBe(0);
});
