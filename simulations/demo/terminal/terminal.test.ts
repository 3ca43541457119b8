import { describe, expect, test } from "vitest";
import type { Board, RunBoard } from "../board.ts";
import { NOTHING_YET, progressed } from "../progress.ts";
import type { DemoResult, RunResult } from "../result.ts";
import { admitted, closed, committed, evaluated, MEMBERS, opened, refused } from "../testing.ts";
import { accuracyChart } from "./chart.ts";
import { frame, liveView } from "./live-view.ts";
import { paint } from "./paint.ts";
import { plainView } from "./plain-view.ts";
import { resultTable, scene, verdict } from "./summary.ts";

const PLAIN = paint(false);
const ESCAPE = "\u001b";
const falling = { label: "FedAvg", accuracies: [0.9, 0.5, 0.1] };
const rising = { label: "Krum", accuracies: [0.1, 0.5, 0.9] };

describe("the chart", () => {
  const size = { width: 60, height: 10, numRounds: 3 };

  test("has a scale, the rounds, each rule's mark at its points, and its name and accuracy at the end", () => {
    const lines = accuracyChart([falling, rising], size, PLAIN);
    expect(lines).toHaveLength(size.height + 2);
    expect(lines[0]).toMatch(/^ 1\.0┤/);
    expect(lines.at(-3)).toMatch(/^ 0\.0┤/);
    expect(lines.at(-1)).toMatch(/1 +round +3$/);
    const plot = lines.join("\n");
    expect(plot).toMatch(/▲ Krum 0\.900/);
    expect(plot).toMatch(/● FedAvg 0\.100/);
    const [top = "", bottom = ""] = [lines[1], lines.at(-4)];
    expect([top.indexOf("●"), top.lastIndexOf("▲ Krum")].map((x) => x > 0)).toEqual([true, true]);
    expect(top.indexOf("●")).toBeLessThan(10);
    expect(bottom.indexOf("▲")).toBeLessThan(10);
  });

  test("is never wider than it may be, and holds values at the very ends", () => {
    for (const numRounds of [1, 2, 20, 200]) {
      const accuracies = Array.from({ length: numRounds }, (_, i) => i % 2);
      for (const line of accuracyChart(
        [{ label: "MultiKrum", accuracies }],
        { width: 80, height: 6, numRounds },
        PLAIN,
      )) {
        expect([...line].length).toBeLessThanOrEqual(80);
      }
    }
  });

  test("lines that end together keep their names apart", () => {
    const same = [0.9, 0.9, 0.9];
    const series = ["A", "B", "C"].map((label) => ({ label, accuracies: same }));
    const lines = accuracyChart(series, size, PLAIN);
    expect(lines.filter((line) => / [●▲■] [ABC] 0\.900$/.test(line))).toHaveLength(3);
  });

  test("what is not known is not drawn", () => {
    const lines = accuracyChart([{ label: "Krum", accuracies: [null, null] }], size, PLAIN);
    expect(lines.slice(0, size.height).join("")).not.toMatch(/[●⠀-⣿]|Krum/u);
  });

  test("colours only when asked to", () => {
    expect(accuracyChart([falling], size, PLAIN).join("")).not.toContain(ESCAPE);
    expect(accuracyChart([falling], size, paint(true)).join("")).toContain(`${ESCAPE}[38;5;`);
  });
});

function boardOf(...runs: Partial<RunBoard>[]): Board {
  const blank: RunBoard = { label: "FedAvg", stage: "waiting", job: NOTHING_YET, seconds: 0 };
  return { runs: runs.map((run) => ({ ...blank, ...run })), numRounds: 2, members: MEMBERS };
}

const half = [opened(1), admitted(1, "client-1"), refused(1, "attacker-1", "NOT_FINITE")].reduce(
  progressed,
  NOTHING_YET,
);
const whole = [admitted(1, "client-2", 900), closed(1, "attacker-1"), committed(1), evaluated(1, 0.75)].reduce(
  progressed,
  half,
);

describe("the live view", () => {
  const size = { width: 80, height: 30 };

  test("shows for every client of the open round whether it is waited for, admitted or refused", () => {
    const lines = frame(
      boardOf({ label: "Krum", stage: "running", job: half, seconds: 1.25 }, { label: "FedAvg" }),
      size,
      PLAIN,
    );
    expect(lines[1]).toMatch(/● Krum .* 1\.3 s {3}round 1\/2 {3}●○ ✗/);
    expect(lines[2]).toBe(" ▲ FedAvg");
  });

  test("shows the newest accuracy, and who stood out in the round before", () => {
    const lines = frame(boardOf({ stage: "running", job: whole }), size, PLAIN);
    expect(lines[1]).toContain("0.750");
    expect(lines.at(-1)).toBe(" round 1: refused NOT_FINITE: attacker-1 · slow: client-2 0.9 s");
  });

  test("is never higher than the terminal", () => {
    for (const height of [5, 10, 14, 24, 50]) {
      const lines = frame(boardOf({ stage: "running", job: whole }), { width: 80, height }, PLAIN);
      expect(lines.length).toBeLessThan(Math.max(height, 6));
    }
  });

  test("draws over what it drew, keeps what was said, and gives the cursor back", () => {
    let text = "";
    const view = liveView({ columns: 80, rows: 8, write: (it: string) => (text += it) }, PLAIN);
    view.say("first");
    view.show(boardOf({}));
    const drawn = text.split("\n").length - 2;
    text = "";
    view.show(boardOf({ stage: "running", job: half }));
    expect(text).toContain(`${ESCAPE}[${drawn}A\r${ESCAPE}[0J`);
    text = "";
    view.close();
    expect(text).toBe(`${ESCAPE}[?25h`);
  });
});

test("the plain view says each round once, when it is over, without any escape", () => {
  let text = "";
  const view = plainView((it) => {
    text += it;
  });
  view.say("ten clients");
  for (const job of [half, whole, whole]) view.show(boardOf({ label: "Krum", stage: "running", job }));
  view.close();
  expect(text.split("\n")).toEqual([
    "ten clients",
    "Krum  round 1/2  accuracy 0.750  admitted  2/3  refused NOT_FINITE: attacker-1  slow: client-2 0.9 s",
    "",
  ]);
});

describe("the summary", () => {
  const run = (rule: string, finalAccuracy: number | null): RunResult => ({
    rule,
    finalAccuracy,
    seconds: 12.34,
    rounds: [],
  });
  const resultOf = (...runs: RunResult[]): DemoResult => ({
    dataset: "MNIST",
    clients: 10,
    attackers: 3,
    attack: "SignFlipping",
    seed: 0,
    runs,
  });

  test("is a table of rule, final accuracy and seconds", () => {
    const lines = resultTable(resultOf(run("FedAvg", 0.1034), run("NNM+TrimmedMean", 0.928), run("Krum", null)), PLAIN);
    expect(lines[0]).toBe("rule               final accuracy  seconds");
    expect(lines[1]).toMatch(/^● FedAvg +0\.103 +12\.3 {2}███▏$/);
    expect(lines[2]).toMatch(/^▲ NNM\+TrimmedMean +0\.928 +12\.3 {2}█{27}▉$/);
    expect(lines[3]).toMatch(/^■ Krum +none +12\.3$/);
  });

  test("says who attacked and how it ended, whatever that is", () => {
    expect(scene(resultOf())).toBe("3 of 10 clients attack: SignFlipping");
    expect(scene({ ...resultOf(), attack: "none" })).toBe("10 clients and no attack");
    expect(verdict(resultOf(run("FedAvg", 0.1), run("Krum", 0.9), run("Median", 0.8)))).toBe(
      "FedAvg ends at 10.0 % accuracy, Krum at 90.0 %.",
    );
    expect(verdict(resultOf(run("FedAvg", 0.91), run("Krum", 0.9)))).toBe(
      "All rules end within 1.0 points of 91.0 % accuracy.",
    );
    expect(verdict(resultOf(run("Krum", 0.9)))).toBe("Krum ends at 90.0 % accuracy.");
    expect(verdict(resultOf(run("Krum", null)))).toBe("No rule committed a round.");
  });
});
