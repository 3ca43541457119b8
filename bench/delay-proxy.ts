import { once } from "node:events";
import { type AddressInfo, createServer, connect as dialTcp, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback that makes a connection long without making it thin. */
export interface DelayProxy {
  readonly port: number;
  /** Cuts every connection that runs through it, as a network does: without a word. */
  cut(): void;
  /** Nothing passes any more, though every connection stays open. */
  freeze(): void;
  /** Cuts once the clients have sent this many bytes more. */
  cutAfter(bytes: number): void;
  close(): Promise<void>;
}

/** What may be on the way in one direction: enough for 1 GB/s at 100 ms, and a bound on memory. */
const MAX_IN_FLIGHT_BYTES = 128 * 1024 * 1024;

/** Forwards to a port of this machine, every byte half of `roundTripMs` late in each direction. */
export async function delayProxy(toPort: number, roundTripMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const isFrozen = () => frozen;
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
    forwardLate(client, upstream, roundTripMs / 2, isFrozen);
    forwardLate(upstream, client, roundTripMs / 2, isFrozen);
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
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
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

interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** Every piece is due `delayMs` after it came; one timer serves the oldest. */
function forwardLate(from: Socket, to: Socket, delayMs: number, isFrozen: () => boolean): void {
  const onTheWay: Piece[] = [];
  let inFlightBytes = 0;
  let scheduled = false;

  function schedule(waitMs: number): void {
    if (!scheduled) setTimeout(deliver, waitMs);
    scheduled = true;
  }

  function deliver(): void {
    scheduled = false;
    if (isFrozen() || to.destroyed) return;
    const nowMs = performance.now();
    for (const { bytes } of takeDue(onTheWay, nowMs)) {
      inFlightBytes -= bytes.length;
      to.write(bytes);
    }
    if (inFlightBytes < MAX_IN_FLIGHT_BYTES) from.resume();
    const [oldest] = onTheWay;
    if (oldest !== undefined) schedule(oldest.dueMs - nowMs);
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

function takeDue(pieces: Piece[], nowMs: number): Piece[] {
  const firstLater = pieces.findIndex(({ dueMs }) => dueMs > nowMs);
  return pieces.splice(0, firstLater === -1 ? pieces.length : firstLater);
}
