import { FederationError } from "../../core/errors.ts";
import type { Limits } from "../parts.ts";
import type { Inbox } from "./inbox.ts";

export interface Pace {
  /** Bytes the client has moved. */
  moved(bytes: number): void;
  stop(): void;
}

/**
 * Fails the inbox with UPLOAD_TOO_SLOW when less than the minimum rate came over a window of time. Only a client we
 * wait for at its end can be at fault: while we write what it sent, it waits for us.
 */
export function keepPace(inbox: Inbox<unknown>, { minUploadBytesPerSecond, slowWindowMs }: Limits): Pace {
  const leastBytes = (minUploadBytesPerSecond * slowWindowMs) / 1_000;
  let movedBytes = 0;
  const timer = setInterval(() => {
    if (inbox.waiting && movedBytes < leastBytes) {
      inbox.fail(new FederationError("UPLOAD_TOO_SLOW", `${movedBytes} bytes in ${slowWindowMs} ms`));
    }
    movedBytes = 0;
  }, slowWindowMs);
  return {
    moved: (bytes) => {
      movedBytes += bytes;
    },
    stop: () => clearInterval(timer),
  };
}
