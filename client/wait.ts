import { setTimeout } from "node:timers/promises";

/** Sleeps; rejects when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** A timer holds at most 2^31 - 1 ms, about 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export const timerWait: Wait = (milliseconds, signal) =>
  setTimeout(Math.min(milliseconds, LONGEST_MS), undefined, { signal });
