import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { formatAddress, isLoopback, parseAddress } from "../../core/address.ts";
import { FederationError } from "../../core/errors.ts";
import { loadWire } from "../../proto/load.ts";
import type { Parts } from "../parts.ts";
import type { TlsMaterial } from "../tls.ts";
import { adminNonces } from "./admin-nonces.ts";
import { type Connections, watchConnections } from "./connections.ts";
import { guard } from "./guard.ts";
import { type Health, healthService } from "./health.ts";
import { recentBlobs } from "./recent-blobs.ts";
import { addServices } from "./services.ts";
import type { Serving } from "./serving.ts";
import { controlWindows, type Windows } from "./sessions.ts";

export interface ServerOptions {
  readonly parts: Parts;
  /** host:port to listen on; port 0 takes a free one. */
  readonly address: string;
  /** Undefined = plaintext. */
  readonly tls: TlsMaterial | undefined;
  /** host:port under which clients find this server; where it listens, unless told otherwise. */
  readonly publicAddress?: string;
  /** Plaintext beyond loopback, because somebody asked for it by name. */
  readonly forcePlaintext?: boolean;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no new calls, ends the sessions, lets running calls finish for a while, then cuts what is left. */
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 5_000;
const MAX_STREAMS_PER_CONNECTION = 32;
/** Connections beside those of sessions: enrolment, administration, probes, handshakes under way. */
const SPARE_CONNECTIONS = 256;

/** @throws PLAINTEXT_REFUSED, PORT_IN_USE, WINDOW_CONTROL_UNAVAILABLE, CONFIG_INVALID */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { parts, address, tls: material } = options;
  if (material === undefined && !isLoopback(address) && options.forcePlaintext !== true) {
    throw new FederationError("PLAINTEXT_REFUSED", `${address} is not on this machine`);
  }
  let windows: Windows | undefined;
  let connections: Connections | undefined;
  const stopping = new AbortController();
  let port = 0;
  const serving: Serving = {
    parts,
    callers: new WeakMap(),
    blob: recentBlobs(parts.journal, parts.blobs),
    bodyDigests: new WeakMap(),
    logReaders: new WeakSet(),
    administrators: new WeakMap(),
    nonces: adminNonces(parts.random, parts.clock),
    windows: () => bound(windows),
    connections: () => bound(connections),
    stopping: stopping.signal,
    identity: () => ({
      address: options.publicAddress ?? formatAddress({ host: parseAddress(address).host, port }),
      caCertificatePem: material?.caCertificatePem ?? null,
    }),
  };
  const { server, health } = makeServer(serving);
  const limits = parts.limits;
  port = await bind(server, address, material, () => {
    windows = controlWindows(server, limits.uploadBytesInFlight, limits.maxSessions + SPARE_CONNECTIONS);
    connections = watchConnections(server, limits);
  });
  parts.log.info({ port, tls: material !== undefined }, "the coordinator listens");
  return {
    port,
    stop: () => {
      health.stopServing();
      stopping.abort(new FederationError("SHUTTING_DOWN", "the server stops"));
      return drain(server, bound(connections), parts);
    },
  };
}

function makeServer(serving: Serving): { server: Server; health: Health } {
  const wire = loadWire();
  const server = new Server({
    interceptors: [guard(serving, wire)],
    "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
    "grpc.max_connection_idle_ms": serving.parts.limits.idleMs,
    "grpc.enable_channelz": 0,
  });
  addServices(server, wire, serving);
  new ReflectionService(wire.definition).addToServer(server);
  return { server, health: healthService(server, ["", ...servicesOf(wire.definition)]) };
}

const servicesOf = (definition: object) =>
  Object.entries(definition).flatMap(([name, it]) => ("format" in it ? [] : [name]));

/** `onBound` runs before the first connection can arrive. */
function bind(
  server: Server,
  address: string,
  material: TlsMaterial | undefined,
  onBound: () => void,
): Promise<number> {
  // what goes wrong is told by name; grpc-js would add lines of its own
  setLogVerbosity(logVerbosity.NONE);
  // grpc-js has no option for it and would take TLS 1.2; it is read when the listening context is made
  tls.DEFAULT_MIN_VERSION = "TLSv1.3";
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(material), (error, port) => {
      if (error !== null) return reject(bindError(error, address));
      try {
        onBound();
        resolve(port);
      } catch (failure) {
        server.forceShutdown();
        reject(failure);
      }
    });
  });
}

function credentialsOf(material: TlsMaterial | undefined): ServerCredentials {
  if (material === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(material.privateKeyPem), cert_chain: Buffer.from(material.certificatePem) };
  return ServerCredentials.createSsl(null, [pair]);
}

function bindError(error: Error, address: string): FederationError {
  const inUse = error.message.includes("EADDRINUSE");
  return new FederationError(inUse ? "PORT_IN_USE" : "CONFIG_INVALID", `cannot listen on ${address}`, { cause: error });
}

async function drain(server: Server, connections: Connections, { sessions }: Parts): Promise<void> {
  const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  sessions.end("all", "SHUTTING_DOWN");
  const late = new AbortController();
  await Promise.race([drained, sleep(STOP_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  connections.destroyAll();
  await drained;
}

function bound<T>(part: T | undefined): T {
  if (part === undefined) throw new FederationError("WINDOW_CONTROL_UNAVAILABLE", "the server is not bound yet");
  return part;
}
