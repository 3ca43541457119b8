import { describe, expect, test } from "vitest";
import type { JobEvent } from "../../coordinator/index.ts";
import { NOTHING_YET, numAdmitted, progressed, slowClients } from "./progress.ts";
import { runResult } from "./result.ts";
import { type JobReport, runJob } from "./run-job.ts";
import { remarks, roundText } from "./terminal/round-text.ts";
import { admitted, closed, committed, evaluated, eventOf, idOf, MEMBERS, opened, refused } from "./testing.ts";

const jobAfter = (...events: JobEvent[]) => events.reduce(progressed, NOTHING_YET);
const roundAfter = (...events: JobEvent[]) => {
  const round = jobAfter(...events).rounds.at(-1);
  if (round === undefined) throw new Error("no round was opened");
  return round;
};
const everyone = (round: number) => MEMBERS.map(({ name }) => admitted(round, name));

describe("a job's progress is what its journal says", () => {
  test("a round from open to evaluated; the evaluation may come when the next round is open", () => {
    const job = jobAfter(opened(1), ...everyone(1), closed(1), committed(1), opened(2), evaluated(1, 0.5));
    expect(job.rounds.map((it) => [it.round, it.phase, numAdmitted(it), it.accuracy])).toEqual([
      [1, "committed", 3, 0.5],
      [2, "open", 0, undefined],
    ]);
  });

  test("refusals: one by one with their client, and those only counted", () => {
    const round = roundAfter(
      opened(1),
      admitted(1, "client-1"),
      refused(1, "attacker-1", "NOT_FINITE"),
      eventOf({ type: "RefusalsCounted", round: 1, counts: { ROUND_NOT_OPEN: 2, RATE_EXCEEDED: 1 } }),
      closed(1, "client-2", "attacker-1"),
    );
    expect(round).toMatchObject({ refused: 4, refusalCodes: ["NOT_FINITE", "ROUND_NOT_OPEN", "RATE_EXCEEDED"] });
    expect(remarks(round, MEMBERS)).toEqual([
      "refused NOT_FINITE: attacker-1",
      "absent: client-2",
      "refused 3 more (ROUND_NOT_OPEN, RATE_EXCEEDED)",
    ]);
  });

  test("an admitted update stands, whatever its client sends afterwards", () => {
    const round = roundAfter(opened(1), admitted(1, "client-1"), refused(1, "client-1", "UPDATE_CONFLICT"));
    expect(numAdmitted(round)).toBe(1);
    expect(remarks(round, MEMBERS)).toEqual(["refused 1 more (UPDATE_CONFLICT)"]);
  });

  test("an abandoned attempt is said, and the next attempt starts afresh but keeps the count of refusals", () => {
    const abandoned = eventOf({ type: "RoundAbandoned", round: 1, reason: "2 updates, below the minimum of 3" });
    const first = [opened(1), refused(1, "attacker-1", "NOT_FINITE"), abandoned];
    expect(remarks(roundAfter(...first), MEMBERS)).toContain("attempt 0 abandoned: 2 updates, below the minimum of 3");
    expect(roundAfter(...first, opened(1, 1))).toMatchObject({ attempt: 1, phase: "open", refused: 1 });
    expect(jobAfter(...first, opened(1, 1)).rounds).toHaveLength(1);
  });

  test("a declined task has its reason", () => {
    const declined = eventOf({ type: "ClientDeclined", round: 1, clientId: idOf("client-2"), reason: "policy" });
    expect(remarks(roundAfter(opened(1), declined, closed(1, "client-2")), MEMBERS)).toEqual([
      "declined (policy): client-2",
    ]);
  });

  test("slow is over twice the middle and noticeably so", () => {
    const times = (...ms: number[]) =>
      roundAfter(opened(1), ...ms.map((it, i) => admitted(1, MEMBERS[i]?.name ?? "", it)));
    expect(slowClients(times(100, 110, 300))).toEqual([]);
    expect(slowClients(times(400, 1_500, 500))).toEqual([{ clientId: idOf("client-2"), afterMs: 1_500 }]);
    expect(remarks(times(400, 1_500, 500), MEMBERS)).toEqual(["slow: client-2 1.5 s"]);
  });

  test("a round in one line", () => {
    const job = jobAfter(opened(7), ...everyone(7), closed(7), committed(7), evaluated(7, 0.87654));
    const board = {
      runs: [{ label: "NNM+Krum", stage: "running", job, seconds: 1 } as const],
      numRounds: 20,
      members: MEMBERS,
    };
    const [round] = job.rounds;
    expect(round && roundText("Krum", round, board)).toBe("Krum      round  7/20  accuracy 0.877  admitted  3/3");
  });
});

describe("following a job", () => {
  test("ends with the job, and its result has the agreed shape", async () => {
    const events = [
      opened(1),
      ...everyone(1),
      closed(1),
      committed(1),
      evaluated(1, 0.25),
      eventOf({ type: "JobEnded", outcome: "completed", reason: "all rounds committed" }),
    ];
    const admin = {
      startJob: async () => ({ jobId: "ab".repeat(16), planSha256: "" }) as never,
      watchJob: async function* () {
        for (const [index, event] of events.entries()) yield { index, event };
        throw new Error("watched on after the end");
      },
    };
    let clock = 0;
    const choice = { label: "FedAvg", preAggregators: [], rule: "FedAvg" };
    const surroundings = {
      folder: ".",
      nowMs: () => {
        clock += 500;
        return clock;
      },
    };
    let last: JobReport = { job: NOTHING_YET, seconds: 0 };
    for await (const report of runJob({ choice, planYaml: "" }, admin, surroundings)) last = report;
    const { job, seconds } = last;
    expect(runResult("FedAvg", job, seconds)).toEqual({
      rule: "FedAvg",
      finalAccuracy: 0.25,
      seconds: 4,
      rounds: [{ round: 1, accuracy: 0.25, admitted: 3, refused: 0, epsilon: null }],
    });
  });

  test("a job without a committed round has no final accuracy", () => {
    expect(runResult("Krum", jobAfter(opened(1)), 1)).toMatchObject({ finalAccuracy: null });
  });
});
