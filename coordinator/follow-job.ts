import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, FederationError } from "../core/errors.ts";
import type { JobId } from "../core/ids.ts";
import type { AdminClient, WatchedEvent } from "./grpc/admin-client.ts";

export interface Following {
  /** The coordinator went away; told once until something of the job is heard again. */
  readonly away: (error: FederationError) => void;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const PAUSE_MS = 1_000;
/** Said by a coordinator that stops, and by a network without one. */
const AWAY: ReadonlySet<ErrorCode> = new Set(["COORDINATOR_UNREACHABLE", "SHUTTING_DOWN"]);

/**
 * A job's events to its end, each once, across restarts of the coordinator: its journal goes on where it was.
 * @throws what watchJob throws; COORDINATOR_UNREACHABLE only when there was no coordinator from the start
 */
export async function* followJob(
  admin: Pick<AdminClient, "watchJob">,
  jobId: JobId,
  { away, wait = sleep }: Following,
): AsyncGenerator<WatchedEvent> {
  let toldAt: number | undefined;
  for (let next = 0; ; await wait(PAUSE_MS)) {
    try {
      for await (const watched of admin.watchJob(jobId, next)) {
        next = watched.index + 1;
        yield watched;
      }
      return;
    } catch (error) {
      if (!(error instanceof FederationError) || !AWAY.has(error.code) || next === 0) throw error;
      if (toldAt !== next) away(error);
      toldAt = next;
    }
  }
}
