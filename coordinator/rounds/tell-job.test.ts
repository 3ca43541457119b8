import { expect, test } from "vitest";
import { asJobId } from "../../core/ids.ts";
import type { JobReport } from "./job-report.ts";
import { tellJob } from "./tell-job.ts";
import { clientNo, digestNo, testPlan } from "./testing.ts";

const client = (i: number, name: string) => ({ clientId: clientNo(i), name, quarantined: false, revoked: false });

const report: JobReport = {
  job: { jobId: asJobId("ab".repeat(16)), name: "test", phase: "running", round: 2, rounds: 20, reason: "" },
  planSha256: digestNo(1),
  plan: testPlan({ aggregation: { preAggregators: [{ name: "NNM" }], rule: { name: "Krum" }, numByzantine: 1 } }),
  versions: [
    { version: 0, modelSha256: digestNo(2), accuracy: null },
    { version: 1, modelSha256: digestNo(3), accuracy: 0.91234 },
  ],
  clients: [
    { ...client(0, "north"), reputation: 1, suspectRounds: 0 },
    { ...client(1, "south"), reputation: 0.512, suspectRounds: 4, quarantined: true },
    { ...client(2, "west"), reputation: 1, suspectRounds: 0, quarantined: true, revoked: true },
  ],
  round: {
    round: 1,
    attempt: 0,
    remarks: ["nobody was trusted"],
    cohort: [
      {
        ...client(0, "north"),
        findings: [],
        figures: { norm: 1.23456789, krumRank: 1, afterMs: 1_250, weight: 1, refusals: 0, "rule.trust": 0.5 },
      },
      {
        ...client(1, "south"),
        findings: ["norm", "distance"],
        figures: { norm: 12.3456789, krumRank: 2, afterMs: 40, weight: 1, refusals: 0, "rule.trust": null },
      },
      {
        ...client(2, "west"),
        findings: [],
        figures: { norm: null, krumRank: null, afterMs: null, weight: null, refusals: 0, "rule.trust": null },
      },
    ],
  },
};

test("a job for people: columns that say the same of everybody are left out, and nothing is where nothing is known", () => {
  expect(tellJob(report).join("\n")).toMatchInlineSnapshot(`
    "job abababababababababababababababab test: running, round 2 of 20
    plan 0000000000000000000000000000000000000000000000000000000000000001
    rule NNM -> Krum, numByzantine 1, privacy none

    version  accuracy  model
    0               -  0000000000000000000000000000000000000000000000000000000000000002
    1          0.9123  0000000000000000000000000000000000000000000000000000000000000003

    round 1, attempt 0
    the rule says: nobody was trusted
    client   norm  rank   trust  after ms  held against it
    north   1.235     1  0.5000      1250  -
    south   12.35     2       -        40  norm, distance
    west        -     -       -         -  -

    client  reputation  suspect rounds
    north        1.000               0
    south        0.512               4  in quarantine
    west         1.000               0  revoked"
  `);
});

test("before the first round there is none to show", () => {
  const lines = tellJob({ ...report, round: null, job: { ...report.job, phase: "failed", reason: "POLICY_REFUSED" } });
  expect(lines).toContain("no round has been closed yet");
  expect(lines[0]).toContain("failed, round 2 of 20: POLICY_REFUSED");
});
