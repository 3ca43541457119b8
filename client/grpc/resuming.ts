import { setTimeout as sleep } from "node:timers/promises";
import { FederationError } from "../../core/errors.ts";
import type { SessionCalls } from "./session.ts";

const MAX_ATTEMPTS = 5;
const FIRST_WAIT_MS = 100;

/**
 * Tries a transfer again, a few times, when its stream broke but the session stands. When the session is gone too,
 * the error goes to the participant, who connects again.
 */
export async function resuming<T>(calls: SessionCalls, signal: AbortSignal, transfer: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await transfer();
    } catch (error) {
      signal.throwIfAborted();
      const broken = error instanceof FederationError && error.code === "COORDINATOR_UNREACHABLE";
      if (!broken || !calls.isOpen() || attempt === MAX_ATTEMPTS) throw error;
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}
