import { expect, test } from "vitest";
import { FederationError } from "../core/errors.ts";
import { asJobId, ZERO_DIGEST } from "../core/ids.ts";
import { followJob } from "./follow-job.ts";
import type { WatchedEvent } from "./grpc/admin-client.ts";

const JOB = asJobId("ab".repeat(16));
const unreachable = new FederationError("COORDINATOR_UNREACHABLE", "refused");
const stopping = new FederationError("SHUTTING_DOWN", "the server stops");

const event = (index: number): WatchedEvent => ({
  index,
  event: { type: "JobEnded", jobId: JOB, outcome: "completed", reason: "", finalModelSha256: ZERO_DIGEST, atMs: 0 },
});

/** A coordinator whose streams are these, one after the other; an error at the end of one breaks it. */
function streaming(streams: readonly (readonly (WatchedEvent | Error)[])[]) {
  const askedFrom: number[] = [];
  async function* watchJob(_: unknown, fromIndex = 0): AsyncGenerator<WatchedEvent> {
    for (const item of streams[askedFrom.push(fromIndex) - 1] ?? []) {
      if (item instanceof Error) throw item;
      yield item;
    }
  }
  return { watchJob, askedFrom };
}

async function follow(streams: Parameters<typeof streaming>[0]) {
  const admin = streaming(streams);
  const told: string[] = [];
  const heard: number[] = [];
  const following = { away: (error: FederationError) => told.push(error.code), wait: async () => undefined };
  const ended = (async () => {
    for await (const { index } of followJob(admin, JOB, following)) heard.push(index);
  })();
  return { outcome: await ended.catch((error: unknown) => error), askedFrom: admin.askedFrom, told, heard };
}

test("a restart is waited for, told once, and every event comes once", async () => {
  const streams = [[event(3), event(7), stopping], [unreachable], [unreachable], [event(8), unreachable], [event(12)]];
  expect(await follow(streams)).toEqual({
    outcome: undefined,
    heard: [3, 7, 8, 12],
    askedFrom: [0, 8, 8, 8, 9],
    told: ["SHUTTING_DOWN", "COORDINATOR_UNREACHABLE"],
  });
});

test("no coordinator from the start is an error, and so is a job it does not know", async () => {
  expect(await follow([[unreachable]])).toMatchObject({ outcome: unreachable, told: [] });
  const unknown = new FederationError("JOB_UNKNOWN", "no such job");
  expect(await follow([[event(1), stopping], [unknown]])).toMatchObject({ outcome: unknown, heard: [1] });
});
