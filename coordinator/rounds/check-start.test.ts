import { expect, test } from "vitest";
import { checkStart } from "./check-start.ts";
import { testPlan } from "./testing.ts";

const withRule = (name: string) =>
  testPlan({
    round: { quorum: 5, graceMs: 100, deadlineMs: 1_000, minUpdates: 5, maxAttempts: 2 },
    aggregation: { rule: { name }, numByzantine: 1 },
  });

test("a rule that compares all pairs is refused before the job when too many would be asked", () => {
  const attempt = (name: string, clients: number) => () => checkStart(withRule(name), clients);
  expect(attempt("Krum", 4_096)).not.toThrow();
  expect(attempt("Krum", 4_097)).toThrow(expect.objectContaining({ code: "PANEL_TOO_LARGE" }));
  expect(attempt("TrimmedMean", 4_097)).not.toThrow();
});
