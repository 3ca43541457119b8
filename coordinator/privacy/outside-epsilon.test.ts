import { expect, test } from "vitest";
import type { ClientId } from "../../core/ids.ts";
import type { JobState } from "../rounds/job-state.ts";
import { clientNo, testJob, testPlan } from "../rounds/testing.ts";
import { testFederation } from "../testing.ts";
import { checkOutsideEpsilon } from "./outside-epsilon.ts";

const CENTRAL = { mode: "central", clipNorm: 1, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 10 };
const NONE = { mode: "none" };
const LOCAL = { mode: "local", clipNorm: 1, epsilon: 1, delta: 1e-5, maxEpsilon: 10 };
const EXAMPLE = { mode: "example", clipNorm: 1, noiseMultiplier: 1, sampleRate: 0.1, delta: 1e-5, maxEpsilon: 10 };
const KNOWN = { acknowledgeOutsideEpsilon: true };

function job(privacy: Record<string, unknown>, changes: Partial<JobState> = {}): JobState {
  return { ...testJob(testPlan({ job: String(privacy["mode"]), privacy }), 3), ...changes };
}

const strangers: readonly ClientId[] = [clientNo(7), clientNo(8)];
const ended = { name: "ended", outcome: "stopped", reason: "" } as const;

test.each([
  [NONE, CENTRAL],
  [CENTRAL, NONE],
])("a job of %o beside one of %o over the same clients is refused, and told what is accepted", (privacy, other) => {
  for (const before of [job(other), job(other, { stage: ended, version: 1 })]) {
    const check = () => checkOutsideEpsilon(job(privacy), [job(privacy), before]);
    expect(check).toThrow(expect.objectContaining({ code: "PRIVACY_UNSUPPORTED" }));
    expect(check).toThrow("acknowledgeOutsideEpsilon: true");
  }
});

test.each([
  [NONE, CENTRAL],
  [CENTRAL, NONE],
])("a job of %o may stand beside one of %o where nothing is hidden by it", (privacy, other) => {
  checkOutsideEpsilon(job({ ...privacy, ...KNOWN }), [job(other)]);
  checkOutsideEpsilon(job(privacy), [job(privacy)]);
  checkOutsideEpsilon(job(privacy), [job(other, { population: strangers })]);
  checkOutsideEpsilon(job(privacy), [job(other, { stage: ended, version: 0 })]);
});

test.each([
  [NONE, CENTRAL, "has no noise", "central"],
  [CENTRAL, NONE, "has no noise", "this job"],
  [EXAMPLE, NONE, "has no noise", "this job"],
  [LOCAL, CENTRAL, "is seen by the coordinator before its noise", "this job"],
  [CENTRAL, LOCAL, "is seen by the coordinator before its noise", "local"],
  [EXAMPLE, CENTRAL, "is seen by the coordinator before its noise", "this job"],
  [CENTRAL, EXAMPLE, "is protected by the example, not by the client,", "this job"],
  [LOCAL, EXAMPLE, "is protected by the example, not by the client,", "this job"],
  [EXAMPLE, LOCAL, "is protected by the example, not by the client,", "local"],
])("%o beside %o: it is said what is not covered, and by whose epsilon", (privacy, other, why, whose) => {
  expect(() => checkOutsideEpsilon(job(privacy), [job(other)])).toThrow(
    `${why} and is outside the epsilon of ${whose}`,
  );
});

test("a job that ended without a version has shown the coordinator its updates, if a round had opened", () => {
  const over = { stage: ended, version: 0, hasOpened: true };
  for (const [privacy, other] of [
    [LOCAL, CENTRAL],
    [CENTRAL, LOCAL],
    [EXAMPLE, CENTRAL],
    [CENTRAL, EXAMPLE],
    [LOCAL, NONE],
  ] as const) {
    expect(() => checkOutsideEpsilon(job(privacy), [job(other, over)])).toThrow("outside the epsilon");
    checkOutsideEpsilon(job(privacy), [job(other, { ...over, hasOpened: false })]);
  }
  // the coordinator is trusted there: what it saw and did not release is not out
  checkOutsideEpsilon(job(CENTRAL), [job(NONE, over)]);
});

test("one client in common is enough", () => {
  const others = [job(CENTRAL, { population: [...strangers, clientNo(2)] })];
  expect(() => checkOutsideEpsilon(job(NONE), others)).toThrow("no noise");
});

test("it is asked of every plan before its job starts", async () => {
  const { coordinator } = await testFederation(3);
  const { jobs } = coordinator.parts;
  const plan = (privacy: string) => `
job: test
model: { builtin: softmax, inputs: 3, classes: 2 }
rounds: 2
round: { quorum: 3, minUpdates: 3 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0, weights: uniform }
privacy: { ${privacy} }
`;
  const central = "mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.001, maxEpsilon: 50";
  await jobs.start(plan("mode: none"), "/");
  await expect(jobs.start(plan(central), "/")).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  await jobs.start(plan(`${central}, acknowledgeOutsideEpsilon: true`), "/");
  await expect(jobs.start(plan("mode: none"), "/")).rejects.toMatchObject({ code: "PRIVACY_UNSUPPORTED" });
  await jobs.start(plan("mode: none, acknowledgeOutsideEpsilon: true"), "/");
  expect(jobs.list()).toHaveLength(3);
  // under a ceiling no line in the plan helps, so none is advised
  const { ceilings } = coordinator.parts.changes.administrators;
  ceilings.set("everyone", { maxEpsilon: 50, delta: 0.001, adjacency: "zero-out" });
  await expect(jobs.start(plan("mode: none"), "/")).rejects.toMatchObject({
    code: "PRIVACY_BUDGET_SPENT",
    message: expect.not.stringContaining("acknowledgeOutsideEpsilon"),
  });
  await coordinator.close();
});
