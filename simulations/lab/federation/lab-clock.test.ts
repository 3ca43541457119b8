import { expect, test } from "vitest";
import { labClock } from "./lab-clock.ts";

test("time goes on once all who were asked are done, however few these have become", () => {
  let asked = ["a", "b", "c"];
  const clock = labClock(() => asked, 10);
  const done = (round: number, ...ids: string[]) => {
    for (const id of ids) clock.done(id, { round, attempt: 0 });
    return clock.nowMs();
  };
  expect(done(1, "a", "b", "b")).toBe(0);
  expect(done(1, "c", "c")).toBe(10);
  asked = ["a", "c"];
  expect(done(2, "c")).toBe(10);
  expect(done(2, "a")).toBe(20);
});

test("who is late with an older attempt takes nothing from the newest", () => {
  const clock = labClock(() => ["a", "b", "c"], 10);
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
  expect(inOrder).toEqual([0, 0, 0, 0, 0, 10]);
});
