import type { Readable } from "node:stream";

/** The messages of one stream, taken one at a time: what comes meanwhile waits under flow control. */
export interface Inbox<Message> {
  /**
   * The next message; undefined when the client has sent all it wants to.
   * @throws StreamBroken, or what `fail` was given
   */
  next(): Promise<Message | undefined>;
  /** Ends the waiting, now and for good; the first reason stands. */
  fail(reason: Error): void;
  /** Whether somebody waits for the client, and not the client for us. */
  readonly waiting: boolean;
}

/** The client or the network cut the stream. */
class StreamBroken extends Error {
  override readonly name = "StreamBroken";
}

export function inboxOf<Message>(call: Readable): Inbox<Message> {
  let waiter: { resolve(message: Message | undefined): void; reject(reason: Error): void } | undefined;
  let failure: Error | undefined;

  const fail = (reason: Error) => {
    failure ??= reason;
    waiter?.reject(failure);
    waiter = undefined;
  };
  const give = (message: Message | undefined) => {
    call.pause();
    waiter?.resolve(message);
    waiter = undefined;
  };
  call.pause();
  call.on("data", give);
  call.on("end", () => give(undefined));
  // most calls close with nobody waiting: an error is made only for who would see it
  call.on("close", () => waiter && fail(new StreamBroken("the stream was cut")));

  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        if (call.readableEnded) return resolve(undefined);
        if (call.destroyed) return reject(new StreamBroken("the stream was cut"));
        waiter = { resolve, reject };
        call.resume();
      }),
    fail,
    get waiting() {
      return waiter !== undefined;
    },
  };
}
