import { EventEmitter, once } from "node:events";
import type { Digest, JobId } from "../core/ids.ts";
import type { TaskStatement } from "../core/statements.ts";
import type { TaskKey } from "./transport.ts";
import type { Wait } from "./wait.ts";

/** One task on this client's list. */
export interface Assignment {
  readonly task: TaskStatement;
  /** Aborted when the attempt is over: cancelled, closed, past its deadline, or overtaken by another. */
  readonly signal: AbortSignal;
}

/**
 * What the coordinator asks of this client: per job its newest task, worked on one at a time in order of arrival. A
 * task that was worked on stays until its attempt is over, so that the same task, pushed again after a reconnect, is
 * not answered by a second update.
 */
export interface Assignments {
  /** Takes the place of the job's older task; a task that is on the list already changes nothing. */
  add(task: TaskStatement): void;
  /** The first task that waits, as soon as there is one. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<Assignment>;
  /** The attempt is over, or declined: pushed again, its task starts afresh. */
  drop(key: TaskKey, reason: string): void;
  dropJob(jobId: JobId, reason: string): void;
  dropAll(reason: string): void;
  /** An update for this attempt exists already, from before a restart. */
  markAnswered(attempt: TaskKey & { readonly serverNonce: Digest }): void;
}

interface Entry {
  readonly key: TaskKey;
  readonly serverNonce: Digest;
  readonly over: AbortController;
  /** Undefined once it is being worked on. */
  waiting: TaskStatement | undefined;
}

export function assignments(wait: Wait): Assignments {
  const entries = new Map<JobId, Entry>();
  const changed = new EventEmitter();

  function dropJob(jobId: JobId, reason: string): void {
    entries.get(jobId)?.over.abort(new Error(reason));
    entries.delete(jobId);
  }

  function put(key: TaskKey, serverNonce: Digest, waiting: TaskStatement | undefined): AbortController {
    dropJob(key.jobId, "another attempt has opened");
    const over = new AbortController();
    entries.set(key.jobId, { key, serverNonce, over, waiting });
    return over;
  }

  return {
    add(task) {
      if (entries.get(task.jobId)?.serverNonce === task.serverNonce) return;
      const over = put(task, task.serverNonce, task);
      const expire = () => over.abort(new Error("its deadline has passed"));
      wait(task.deadlineMs, over.signal).then(expire, () => undefined);
      changed.emit("added");
    },

    async next(signal) {
      for (;;) {
        signal.throwIfAborted();
        for (const entry of entries.values()) {
          const task = entry.waiting;
          if (task === undefined) continue;
          entry.waiting = undefined;
          return { task, signal: entry.over.signal };
        }
        await once(changed, "added", { signal });
      }
    },

    drop({ jobId, round, attempt }, reason) {
      const key = entries.get(jobId)?.key;
      if (key?.round === round && key.attempt === attempt) dropJob(jobId, reason);
    },

    dropJob,

    dropAll(reason) {
      for (const jobId of entries.keys()) dropJob(jobId, reason);
    },

    markAnswered(attempt) {
      put(attempt, attempt.serverNonce, undefined);
    },
  };
}
