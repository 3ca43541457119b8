import { isIPv4, type Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import type { Limits } from "../parts.ts";
import { http2ServersOf } from "./sessions.ts";

/** Who is on the line: connections that proved who they are, and strangers, who are few per address and leave soon. */
export interface Connections {
  /** The connection of this peer is no stranger's, until the function returned is called; it may be told so many times. */
  vouch(peer: string): () => void;
  /** Ends every connection, whatever it is doing. */
  destroyAll(): void;
}

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  vouchers: number;
  /** Runs while it is a stranger's. */
  deadline: NodeJS.Timeout | undefined;
}

/** A stranger's time, in handshakes: one for TLS and for asking, one for the handshake itself. */
const PATIENCE = 2;

/**
 * Watches every TCP connection from before its TLS handshake on. One address, or one IPv6 /64, may have
 * `strangersPerAddress` connections that proved nothing; each is cut when it has still proved nothing after twice
 * `handshakeMs`. So nobody can take the connections that the clients need.
 */
export function watchConnections(server: Server, { strangersPerAddress, handshakeMs }: Limits): Connections {
  const byPeer = new Map<string, Connection>();
  const strangers = new Map<string, number>();

  function becomesStranger(connection: Connection): void {
    strangers.set(connection.network, (strangers.get(connection.network) ?? 0) + 1);
    connection.deadline = setTimeout(() => connection.socket.destroy(), PATIENCE * handshakeMs);
  }

  function ceasesToBeStranger({ network, deadline }: Connection): void {
    clearTimeout(deadline);
    const left = (strangers.get(network) ?? 0) - 1;
    if (left > 0) strangers.set(network, left);
    else strangers.delete(network);
  }

  function arrive(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    const network = networkOf(remoteAddress ?? "");
    if (remoteAddress === undefined || (strangers.get(network) ?? 0) >= strangersPerAddress) {
      socket.destroy();
      return;
    }
    const peer = `${remoteAddress}:${remotePort}`;
    const connection: Connection = { socket, network, vouchers: 0, deadline: undefined };
    byPeer.set(peer, connection);
    becomesStranger(connection);
    socket.once("close", () => {
      byPeer.delete(peer);
      if (connection.vouchers === 0) ceasesToBeStranger(connection);
    });
  }

  for (const http2Server of http2ServersOf(server)) http2Server.on("connection", arrive);

  return {
    vouch(peer) {
      const connection = byPeer.get(peer);
      if (connection === undefined) return () => undefined;
      if (connection.vouchers === 0) ceasesToBeStranger(connection);
      connection.vouchers++;
      return () => {
        connection.vouchers--;
        if (connection.vouchers === 0 && byPeer.get(peer) === connection) becomesStranger(connection);
      };
    },
    destroyAll: () => {
      for (const { socket } of byPeer.values()) socket.destroy();
    },
  };
}

/** What one party is taken to hold: an IPv4 address, also one mapped into IPv6, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIPv4(plain)) return plain;
  const [head = "", tail] = (plain.split("%")[0] ?? "").split("::");
  const front = groupsOf(head);
  const back = groupsOf(tail ?? "");
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return `${[...front, ...zeros, ...back].slice(0, 4).join(":")}::/64`;
}

const groupsOf = (text: string) => (text === "" ? [] : text.split(":"));
