import { once } from "node:events";
import { type AddressInfo, createServer, connect as dialTcp, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback that makes a connection long without making it thin. */
export interface DelayProxy {
  readonly port: number;
  /** Cuts every connection that runs through it, as a network does: without a word. */
  cut(): void;
  /** Cuts once the clients have sent this many bytes more. */
  cutAfter(bytes: number): void;
  close(): Promise<void>;
}

/** What may be on the way in one direction: enough for 1 GB/s at 100 ms, and a bound on memory. */
const MAX_IN_FLIGHT_BYTES = 128 * 1024 * 1024;

/** Forwards to a port of this machine, every byte half of `roundTripMs` late in each direction. */
export async function delayProxy(toPort: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  let cutAtBytes = Number.POSITIVE_INFINITY;
  const cut = () => {
    cutAtBytes = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const server: Server = createServer({ noDelay: true }, (client) => {
    const upstream = dialTcp({ port: toPort, host: "127.0.0.1", noDelay: true });
    client.on("data", (bytes) => {
      cutAtBytes -= bytes.length;
      if (cutAtBytes <= 0) cut();
    });
    forwardLate(client, upstream, roundTripMs / 2);
    forwardLate(upstream, client, roundTripMs / 2);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutAfter: (bytes) => {
      cutAtBytes = bytes;
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** Every piece is due `delayMs` after it came; one timer serves the oldest. */
function forwardLate(from: Socket, to: Socket, delayMs: number): void {
  const onTheWay: { bytes: Buffer; dueMs: number }[] = [];
  let inFlightBytes = 0;
  let scheduled = false;

  function schedule(waitMs: number): void {
    if (scheduled) return;
    scheduled = true;
    setTimeout(deliver, waitMs);
  }

  function deliver(): void {
    scheduled = false;
    const nowMs = performance.now();
    for (let next = onTheWay[0]; next !== undefined && next.dueMs <= nowMs; next = onTheWay[0]) {
      onTheWay.shift();
      inFlightBytes -= next.bytes.length;
      if (!to.destroyed) to.write(next.bytes);
    }
    if (inFlightBytes < MAX_IN_FLIGHT_BYTES) from.resume();
    const [oldest] = onTheWay;
    if (oldest !== undefined) schedule(Math.max(0, oldest.dueMs - nowMs));
    else if (from.readableEnded) to.end();
  }

  from.on("data", (bytes: Buffer) => {
    onTheWay.push({ bytes, dueMs: performance.now() + delayMs });
    inFlightBytes += bytes.length;
    if (inFlightBytes >= MAX_IN_FLIGHT_BYTES) from.pause();
    schedule(delayMs);
  });
  from.on("end", () => schedule(delayMs));
}
