import { EventEmitter, once } from "node:events";
import type { Logger } from "pino";
import type { Clock } from "../core/clock.ts";
import { type ErrorCode, FederationError, isRefusal } from "../core/errors.ts";
import type { Random } from "../core/random/random.ts";
import { type Backoff, backoff } from "./backoff.ts";
import type { Heads } from "./heads.ts";
import type { ControlMessage, Session, Transport } from "./transport.ts";
import type { Wait } from "./wait.ts";

type OnMessage = (message: ControlMessage, session: Session) => void;

/** A line to the coordinator that mends itself. */
export interface Connection {
  /**
   * Keeps one session open, and hands on every message of it, until the signal aborts.
   * @throws the coordinator's refusal when connecting again cannot help: revoked, unknown, of another protocol;
   * LOG_FORKED
   */
  keepOpen(onMessage: OnMessage, signal: AbortSignal): Promise<void>;
  /**
   * Makes a request on the session that is open, or on the next one that opens; again, after a pause, for as long as
   * it is refused or fails in a way that passes.
   * @throws what the request throws for good, or the signal's reason
   */
  request<T>(make: (session: Session) => T | Promise<T>, signal: AbortSignal): Promise<T>;
  /** For what nobody waits for: said on the session that is open, or not at all. */
  say(what: (session: Session) => void): void;
}

export interface ConnectionParts {
  readonly transport: Transport;
  readonly heads: Heads;
  readonly clock: Clock;
  readonly random: Random;
  readonly wait: Wait;
  readonly log: Logger;
}

/** A handshake that takes longer is given up and begun again. */
const CONNECT_WITHIN_MS = 30_000;

/** Only a session that lived this long proves that the trouble is over. */
const STABLE_AFTER_MS = 10_000;

/** Refusals of the moment: the same request may succeed later, unchanged. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "COORDINATOR_UNREACHABLE",
  "SHUTTING_DOWN",
  "SESSION_INVALID",
  "RATE_EXCEEDED",
  "UPLOAD_TOO_SLOW",
  "STORAGE_FAILED",
  "DISK_FULL",
]);

/** Refusals of this client as it is, or its own of this coordinator: connecting again would end the same way. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "CLIENT_UNKNOWN",
  "CLIENT_REVOKED",
  "KEY_EPOCH_STALE",
  "PROOF_INVALID",
  "PROTOCOL_UNSUPPORTED",
  "PLAINTEXT_REFUSED",
  "LOG_FORKED",
]);

export function connection({ transport, heads, clock, random, wait, log }: ConnectionParts): Connection {
  const opened = new EventEmitter().setMaxListeners(0);
  const unanswered = new Set<(error: unknown) => void>();
  let current: Session | undefined;

  async function serve(session: Session, onMessage: OnMessage, signal: AbortSignal): Promise<void> {
    const hangUp = () => session.close();
    signal.addEventListener("abort", hangUp);
    try {
      await heads.opened(session.head);
      current = session;
      opened.emit("session", session);
      for await (const message of session.messages) onMessage(message, session);
      log.info("the coordinator closed the connection");
    } finally {
      current = undefined;
      session.close();
      signal.removeEventListener("abort", hangUp);
      const lost = new FederationError("COORDINATOR_UNREACHABLE", "the session ended before the answer came");
      for (const fail of unanswered) fail(lost);
    }
  }

  /** A request lives no longer than its session, whose heartbeats tell a slow coordinator from a dead one. */
  function ask<T>(session: Session, make: (session: Session) => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      unanswered.add(reject);
      Promise.resolve(session)
        .then(make)
        .then(resolve, reject)
        .finally(() => unanswered.delete(reject));
    });
  }

  /** One session, from its handshake to its end, however it ends. */
  async function connectOnce(onMessage: OnMessage, pause: Backoff, signal: AbortSignal): Promise<void> {
    let since = Number.POSITIVE_INFINITY;
    try {
      const session = await connectWithin(CONNECT_WITHIN_MS, transport, signal);
      log.info("connected to the coordinator");
      since = clock.monotonicMs();
      await serve(session, onMessage, signal);
    } catch (error) {
      if (isOneOf(FINAL, error)) throw error;
      if (!signal.aborted) log.warn({ err: error }, "no connection to the coordinator");
    }
    if (clock.monotonicMs() - since >= STABLE_AFTER_MS) pause.reset();
  }

  return {
    async keepOpen(onMessage, signal) {
      const pause = backoff(random);
      while (!signal.aborted) {
        await connectOnce(onMessage, pause, signal);
        await wait(pause.next(), signal).catch(() => undefined);
      }
    },

    async request(make, signal) {
      const pause = backoff(random);
      for (;;) {
        signal.throwIfAborted();
        const session = current ?? (await nextSession(opened, signal));
        try {
          return notPassing(await ask(session, make));
        } catch (error) {
          if (signal.aborted || !isOneOf(PASSING, error)) throw error;
          log.warn({ err: error }, "the request did not get through; trying again");
        }
        await wait(pause.next(), signal);
      }
    },

    say(what) {
      if (current !== undefined) what(current);
    },
  };
}

const isOneOf = (codes: ReadonlySet<ErrorCode>, error: unknown) =>
  error instanceof FederationError && codes.has(error.code);

/** A refusal of the moment is tried again like a failure of the moment. */
function notPassing<T>(answer: T): T {
  if (isRefusal(answer) && PASSING.has(answer.refused)) throw new FederationError(answer.refused, answer.detail);
  return answer;
}

/** The time limit is on the handshake alone; once connected only `signal` ends the session. */
async function connectWithin(milliseconds: number, transport: Transport, signal: AbortSignal): Promise<Session> {
  const limit = new AbortController();
  const late = new FederationError("COORDINATOR_UNREACHABLE", `no answer within ${milliseconds} ms`);
  const timer = setTimeout(() => limit.abort(late), milliseconds);
  try {
    return await transport.connect(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function nextSession(opened: EventEmitter, signal: AbortSignal): Promise<Session> {
  const [session] = (await once(opened, "session", { signal })) as [Session];
  return session;
}
