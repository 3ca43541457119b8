import { afterEach, expect, test } from "vitest";
import type { TrainingTask } from "../client/index.ts";
import { type CoalitionRelay, coalitionAt, startCoalition } from "./coalition.ts";

const LIMITS = { maxBytes: 64, maxMeetings: 2, timeoutMs: 5_000 };

let relay: CoalitionRelay | undefined;
afterEach(async () => {
  await relay?.close();
  relay = undefined;
});

/** What an exchange reads of a task. */
function task(round: number, signal = new AbortController().signal): TrainingTask {
  return { jobId: "ab".repeat(16), round, attempt: 0, signal } as unknown as TrainingTask;
}

test("everyone leaves with everyone's delta, in one order, whoever came first", async () => {
  const open = await startCoalition(["b", "c", "a"], LIMITS);
  relay = open;
  const rows = { a: [1, 2], b: [3, -4], c: [0.5, 6] };
  const exchange = (member: "a" | "b" | "c") =>
    coalitionAt(open.accessOf(member)).exchange(task(1), Float32Array.from(rows[member]));
  const results = await Promise.all([exchange("c"), exchange("a"), exchange("b")]);
  for (const result of results) expect(result.map((row) => [...row])).toEqual([rows.a, rows.b, rows.c]);
});

test("each knows its place and how many they are", async () => {
  relay = await startCoalition(["a", "b", "c"], LIMITS);
  expect(relay.accessOf("b")).toMatchObject({ member: "b", place: 1, numMembers: 3 });
  expect(coalitionAt(relay.accessOf("b")).places(task(1))).toEqual([0, 1, 2]);
});

test("rounds do not mix", async () => {
  const open = await startCoalition(["a", "b"], LIMITS);
  relay = open;
  const at = (member: string, round: number, value: number) =>
    coalitionAt(open.accessOf(member)).exchange(task(round), Float32Array.of(value));
  const [first, second] = await Promise.all([at("a", 1, 1), at("a", 2, 2), at("b", 2, 20), at("b", 1, 10)]);
  expect(first.map((row) => row[0])).toEqual([1, 10]);
  expect(second.map((row) => row[0])).toEqual([2, 20]);
});

test("who waits in vain is told so, and the place is free again", async () => {
  const open = await startCoalition(["a", "b"], { ...LIMITS, timeoutMs: 20 });
  relay = open;
  const alone = coalitionAt(open.accessOf("a"));
  for (const round of [1, 2, 3]) {
    await expect(alone.exchange(task(round), Float32Array.of(1))).rejects.toThrow("504");
  }
});

test.each([
  ["another token", { token: "0".repeat(64) }, 1, "401"],
  ["a stranger's name", { member: "z" }, 1, "404"],
  ["a delta above the bound", {}, 17, "413"],
  ["no delta at all", {}, 0, "400"],
])("%s is turned away", async (_what, changed, length, status) => {
  relay = await startCoalition(["a", "b"], LIMITS);
  const access = { ...relay.accessOf("a"), ...changed };
  await expect(coalitionAt(access).exchange(task(1), new Float32Array(length))).rejects.toThrow(status);
});

test("no more meetings than the bound", async () => {
  relay = await startCoalition(["a", "b"], LIMITS);
  const alone = coalitionAt(relay.accessOf("a"));
  const abort = new AbortController();
  const answers = [1, 2, 3].map((round) => alone.exchange(task(round, abort.signal), Float32Array.of(1)).catch(String));
  expect(await Promise.race(answers)).toContain("429");
  abort.abort();
  await Promise.all(answers);
});

test("a cancelled round ends the wait", async () => {
  relay = await startCoalition(["a", "b"], LIMITS);
  const abort = new AbortController();
  const waiting = coalitionAt(relay.accessOf("a")).exchange(task(1, abort.signal), Float32Array.of(1));
  abort.abort(new Error("the round was cancelled"));
  await expect(waiting).rejects.toThrow("cancelled");
});
