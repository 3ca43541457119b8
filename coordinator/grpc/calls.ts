import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
} from "@grpc/grpc-js";
import type { Logger } from "pino";
import { statusOf } from "./status.ts";

export interface CallOptions {
  readonly log: Logger;
  /** The caller is an administrator, who is told why. */
  readonly forAdmin?: boolean;
  /** Ends a server stream at once, with its reason. */
  readonly until?: AbortSignal;
}

/** A unary RPC as an async function. */
export function unary<Request, Response>(
  { log, forAdmin = false }: CallOptions,
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await handle(call.request, call));
    } catch (error) {
      callback(statusOf(error, log, forAdmin));
    }
  };
}

/** A server-streaming RPC as an async generator, drawn only as fast as the client reads; `signal` aborts with the call. */
export function serverStream<Request, Response>(
  { log, forAdmin = false, until }: CallOptions,
  handle: (
    request: Request,
    signal: AbortSignal,
    call: ServerWritableStream<Request, Response>,
  ) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return async (call) => {
    const cut = new AbortController();
    call.once("close", () => cut.abort("the call is over"));
    const fail = (error: unknown) => {
      if (!cut.signal.aborted) call.emit("error", statusOf(error, log, forAdmin));
      cut.abort("the call has failed");
    };
    until?.addEventListener("abort", () => fail(until.reason), { signal: cut.signal });
    try {
      until?.throwIfAborted();
      for await (const message of handle(call.request, cut.signal, call)) {
        if (cut.signal.aborted) return;
        await written(call, message);
      }
      if (!cut.signal.aborted) call.end();
    } catch (error) {
      fail(error);
    }
  };
}

/** A bidirectional RPC as an async function that reads and writes as it likes. */
export function duplex<Request, Response>(
  { log }: CallOptions,
  handle: (call: ServerDuplexStream<Request, Response>) => Promise<void>,
): handleBidiStreamingCall<Request, Response> {
  return async (call) => {
    try {
      await handle(call);
      call.end();
    } catch (error) {
      if (!call.destroyed) call.emit("error", statusOf(error, log));
    }
  };
}

/** Until HTTP/2 has taken the message, or the call is gone. */
function written<Response>(call: ServerWritableStream<unknown, Response>, message: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("close", done);
      resolve();
    };
    call.once("close", done);
    call.write(message, done);
  });
}
