import type { EnrollmentBundle } from "../../core/bundle.ts";
import { FederationError } from "../../core/errors.ts";
import type { ClientSession, Parts } from "../parts.ts";
import type { AdminNonces } from "./admin-nonces.ts";
import type { BodyDigests } from "./checked-service.ts";
import type { Connections } from "./connections.ts";
import type { BlobSource } from "./recent-blobs.ts";
import type { Windows } from "./sessions.ts";

/** What the handlers of one server share. */
export interface Serving {
  readonly parts: Parts;
  /** Of every session opened here: the connection it is bound to, and the signal that it has ended. */
  readonly callers: WeakMap<ClientSession, Caller>;
  readonly nonces: AdminNonces;
  readonly blob: BlobSource;
  readonly bodyDigests: BodyDigests;
  /** Raw public key of the administrator who signed a request. Weak: it goes when the request goes. */
  readonly administrators: WeakMap<object, Uint8Array>;
  /** Sessions that are reading the log at this moment. */
  readonly logReaders: WeakSet<ClientSession>;
  /** Known once the port is bound. */
  readonly windows: () => Windows;
  /** Known once the port is bound. */
  readonly connections: () => Connections;
  /** Aborted, with the FederationError to end with, when the server stops: streams without an end of their own end. */
  readonly stopping: AbortSignal;
  /** What an enrolment bundle says of this server. */
  readonly identity: () => Pick<EnrollmentBundle, "address" | "caCertificatePem">;
}

/** The authenticated client behind a call. */
export interface Caller {
  readonly session: ClientSession;
  readonly peer: string;
  /** Aborted, with the FederationError that says why, the moment the session ends. */
  readonly ended: AbortSignal;
}

/** Raw public key of the administrator who signed the request. */
export function administratorOf(request: object, { administrators }: Serving): Uint8Array {
  const administrator = administrators.get(request);
  if (administrator === undefined) throw new FederationError("ADMIN_UNAUTHORIZED", "the request was signed by nobody");
  return administrator;
}
