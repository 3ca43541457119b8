import type { Http2Server, ServerHttp2Session } from "node:http2";
import { Server as NetServer } from "node:net";
import type { Server } from "@grpc/grpc-js";
import { FederationError, type Refusal, refuse } from "../../core/errors.ts";

/** Flow control of the server's HTTP/2 connections: narrow by default, wide for a granted upload. */
export interface Windows {
  /**
   * Widens the windows of the caller's connection for one upload of `sizeBytes`, as far as the budget reaches, now or
   * when others have ended. RATE_EXCEEDED when a wide connection asks for one more than the budget covers.
   */
  grant(peer: string, sizeBytes: number): Grant | Refusal;
}

export interface Grant {
  /** The upload has ended. */
  release(): void;
}

/** HTTP/2's own default, which every connection starts with: unread, 20 of them hold little more than 1 MB. */
const NARROW_BYTES = 65_535;
/** At 50 ms of round trip this carries 320 MB/s, where the narrow window would carry 1.3. */
const WIDEST_BYTES = 16 * 1024 * 1024;
/** The same rate at 12 ms: what a near client is given, so that the budget reaches further. */
const NEAR_BYTES = 4 * 1024 * 1024;
const WIDE_BYTES_PER_MS = 320_000;
const MAX_UPLOADS_PER_CONNECTION = 4;

interface Connection {
  readonly http2: ServerHttp2Session;
  /** What its round trip makes useful; the widest until the ping has come back. */
  usefulBytes: number;
  windowBytes: number;
  uploads: number;
  /** What its largest upload could use. */
  wantedBytes: number;
  /** Taken from the budget for the uploads of this connection. */
  reservedBytes: number;
}

/**
 * The marked file: grpc-js 1.14 pins its server's streams to 64 KiB and has no supported door to its HTTP/2 sessions,
 * so this reaches into the private `http2Servers`. Node acknowledges a connection's bytes as they arrive and a
 * stream's only as they are read, so what a client can make us hold is its window for every stream: that is what
 * the budget counts. Beside it grpc-js decodes up to 16 messages ahead of the reader.
 * @throws WINDOW_CONTROL_UNAVAILABLE when the map is gone: better no service than one at 1 MB/s
 */
export function controlWindows(server: Server, budgetBytes: number, maxConnections: number): Windows {
  const connections = new Map<string, Connection>();
  let leftBytes = budgetBytes;

  for (const http2Server of http2ServersOf(server)) {
    http2Server.maxConnections = maxConnections;
    http2Server.on("session", (http2) => {
      const peer = `${http2.socket.remoteAddress}:${http2.socket.remotePort}`;
      const connection = newConnection(http2);
      connections.set(peer, connection);
      http2.once("close", () => {
        connections.delete(peer);
        giveBack(connection, connection.reservedBytes);
      });
    });
  }

  function reserve(connection: Connection, bytes: number): void {
    leftBytes -= bytes;
    connection.reservedBytes += bytes;
  }

  /** What comes free goes to uploads that found the budget empty. */
  function giveBack(connection: Connection, bytes: number): void {
    leftBytes += bytes;
    connection.reservedBytes -= bytes;
    for (const other of connections.values()) widen(other);
  }

  /** As far as its uploads can use it and the budget covers it for each of them. */
  function widen(connection: Connection): void {
    const { uploads, windowBytes, wantedBytes, usefulBytes } = connection;
    const bytes = Math.min(wantedBytes, usefulBytes, Math.floor(leftBytes / uploads));
    if (uploads === 0 || windowBytes > NARROW_BYTES || bytes <= NARROW_BYTES) return;
    reserve(connection, bytes * uploads);
    setWindow(connection, bytes);
  }

  function narrow(connection: Connection): void {
    connection.wantedBytes = 0;
    if (connection.windowBytes === NARROW_BYTES) return;
    const returned = connection.reservedBytes;
    // the client may use the old window until it has acknowledged the new one
    setWindow(connection, NARROW_BYTES, () => giveBack(connection, Math.min(returned, connection.reservedBytes)));
  }

  return {
    grant(peer, sizeBytes) {
      const connection = connections.get(peer);
      if (connection === undefined) return refuse("SESSION_INVALID", `no connection of ${peer}`);
      const cost = connection.windowBytes > NARROW_BYTES ? connection.windowBytes : 0;
      if (connection.uploads === MAX_UPLOADS_PER_CONNECTION || cost > leftBytes) {
        return refuse("RATE_EXCEEDED", `${peer} has ${connection.uploads} uploads, ${leftBytes} bytes are left`);
      }
      connection.uploads++;
      connection.wantedBytes = Math.max(connection.wantedBytes, sizeBytes);
      reserve(connection, cost);
      widen(connection);
      return {
        release: () => {
          connection.uploads--;
          if (connection.uploads === 0) narrow(connection);
        },
      };
    },
  };
}

function newConnection(http2: ServerHttp2Session): Connection {
  const none = { uploads: 0, wantedBytes: 0, reservedBytes: 0 };
  const connection = { http2, usefulBytes: WIDEST_BYTES, windowBytes: NARROW_BYTES, ...none };
  http2.ping((error, roundTripMs) => {
    if (error === null) connection.usefulBytes = usefulWindow(roundTripMs);
  });
  return connection;
}

/** Bytes on the way that keep a connection of this round trip busy at 320 MB/s, from 4 to 16 MiB. */
export function usefulWindow(roundTripMs: number): number {
  return Math.min(WIDEST_BYTES, Math.max(NEAR_BYTES, Math.ceil(roundTripMs * WIDE_BYTES_PER_MS)));
}

function setWindow(connection: Connection, windowBytes: number, acknowledged = () => {}): void {
  const { http2 } = connection;
  if (http2.destroyed || http2.closed) return;
  connection.windowBytes = windowBytes;
  http2.setLocalWindowSize(windowBytes);
  http2.settings({ initialWindowSize: windowBytes }, acknowledged);
}

/** @throws WINDOW_CONTROL_UNAVAILABLE */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as { readonly http2Servers?: unknown };
  const servers = http2Servers instanceof Map ? [...http2Servers.keys()] : [];
  if (servers.length === 0 || !servers.every((it) => it instanceof NetServer)) {
    throw new FederationError("WINDOW_CONTROL_UNAVAILABLE", "grpc-js no longer has its http2Servers");
  }
  return servers as Http2Server[];
}
