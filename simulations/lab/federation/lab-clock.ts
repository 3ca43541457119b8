import type { Clock } from "../../../core/clock.ts";
import type { AttemptKey } from "../clients/meetings.ts";

/**
 * The time by which a lab's coordinator waits, over a network too. It stands still while anybody asked is at work, so that
 * nobody is ever late; once all are done with an attempt that is still open, whatever it waits for has come or never will,
 * and a day passes. Who is silent is then absent, and who is not counts, whatever the order in which answers came.
 */
export interface LabClock extends Clock {
  /** The client has its answer to what it sent, or will send nothing. Of an older attempt it says nothing any more. */
  done(clientId: string, attempt: AttemptKey): void;
}

/** Longer than any round may last. */
export const DAY_MS = 86_400_000;

/** What the journal tells of the attempt. */
export interface Attempts {
  /** The clients asked in the newest one: fewer than before, once some are in quarantine. */
  cohort(): readonly string[];
  isOpen(attempt: AttemptKey): boolean;
}

export function labClock(watch: () => Attempts): LabClock {
  let elapsedMs = 0;
  let newest: AttemptKey = { round: 0, attempt: 0 };
  let numAsked = 0;
  let done = new Set<string>();
  return {
    nowMs: () => elapsedMs,
    monotonicMs: () => elapsedMs,
    done(clientId, { round, attempt }) {
      const later = round - newest.round || attempt - newest.attempt;
      if (later > 0) {
        newest = { round, attempt };
        numAsked = watch().cohort().length;
        done = new Set();
      }
      if (later < 0 || done.has(clientId)) return;
      done.add(clientId);
      if (done.size === numAsked && watch().isOpen(newest)) elapsedMs += DAY_MS;
    },
  };
}
