import { MessageChannel, type MessagePort } from "node:worker_threads";

/** Below it a buffer may be a slice of one that others use. */
const LEAST_BYTES = 64 * 1024;
/** What gRPC and protobuf put around a chunk. */
const FRAME_BYTES = 64;

/**
 * Takes the memory of large messages back as soon as they are done with; nobody may look at them afterwards. To V8 bytes
 * outside its heap are a reason to collect all of it: left to the collector, an upload of 100 MB costs some ten full
 * collections, and tens of megabytes wait for them. A port whose other end is closed takes a buffer and drops it; from
 * Node 22 on `ArrayBuffer.prototype.transfer` does the same.
 */
export function releaser(): (bytes: Uint8Array) => void {
  let port: MessagePort | undefined;
  return ({ buffer, length }) => {
    const isAlone = length >= LEAST_BYTES && buffer.byteLength - length <= FRAME_BYTES;
    if (!isAlone || !(buffer instanceof ArrayBuffer)) return;
    port ??= closedPort();
    port.postMessage(undefined, [buffer]);
  };
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
