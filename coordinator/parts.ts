import type { Logger } from "pino";
import type { Clock } from "../core/clock.ts";
import type { SigningKey } from "../core/crypto/sign.ts";
import type { ErrorCode, Refusal } from "../core/errors.ts";
import type { ClientId, Digest, FederationId, JobId, UpdateId } from "../core/ids.ts";
import type { Random } from "../core/random/random.ts";
import type { SignedReceipt, SignedTask } from "../core/statements.ts";
import type { Changes } from "./administration/changes.ts";
import type { PrivacyReport } from "./privacy/privacy-report.ts";
import type { JobReport } from "./rounds/job-report.ts";
import type { BlobStore } from "./storage/blob-store.ts";
import type { Journal } from "./storage/journal.ts";

/** What an RPC handler may use. coordinator.ts builds it; nothing else holds the whole. */
export interface Parts {
  readonly federationId: FederationId;
  readonly keys: { readonly coordinator: SigningKey; readonly log: SigningKey };
  readonly journal: Journal;
  readonly blobs: BlobStore;
  /** What administrators decide by signature, and who they are. */
  readonly changes: Changes;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly jobs: Jobs;
  readonly admission: Admission;
  readonly limits: Limits;
  readonly clock: Clock;
  /** For what protects sessions and administrators' calls. */
  readonly random: Random;
  readonly log: Logger;
}

/** Budgets that keep memory and patience bounded, whoever calls. */
export interface Limits {
  readonly maxSessions: number;
  /** Bytes of uploads in flight, over all clients: the sum of granted HTTP/2 windows. */
  readonly uploadBytesInFlight: number;
  /** An upload slower than this, measured over `slowWindowMs`, is refused with UPLOAD_TOO_SLOW. */
  readonly minUploadBytesPerSecond: number;
  readonly slowWindowMs: number;
  /** A Connect stream must finish hello, challenge and proof within this time. */
  readonly handshakeMs: number;
  /** A control stream with no message for this long is closed; clients send heartbeats at a third of it. */
  readonly idleMs: number;
  /** Calls per second one peer address may make before it is authenticated. */
  readonly unauthenticatedCallsPerSecond: number;
  /** Calls per second of one authenticated client, over all its connections; in a burst twice as many. */
  readonly callsPerClientPerSecond: number;
  /** Connections without a session that one address, or one IPv6 /64, may hold. */
  readonly strangersPerAddress: number;
  /** Bytes of updates that all open rounds together may hold in memory, to be measured while others are awaited. */
  readonly rowBudgetBytes: number;
}

export interface EnrolledClient {
  readonly clientId: ClientId;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly keyEpoch: number;
  readonly revoked: boolean;
  /** Left out of cohorts until it is released. */
  readonly quarantined: boolean;
}

export interface Clients {
  find(clientId: ClientId): EnrolledClient | undefined;
  list(): readonly EnrolledClient[];
  /** Verifies an Ed25519 signature by the client's key (the KeyObject is cached). */
  verify(client: EnrolledClient, message: Uint8Array, signature: Uint8Array): boolean;
  /** Makes a one-use token; only its digest is journaled. */
  invite(clientName: string, validForMs: number): Promise<{ token: string; expiresAtMs: number }>;
  enroll(request: {
    readonly token: string;
    readonly clientName: string;
    readonly publicKey: Uint8Array;
    readonly proof: Uint8Array;
  }): Promise<EnrolledClient | Refusal>;
  /** Journals the revocation, then drops the client's sessions at once. */
  revoke(clientName: string, reason: string): Promise<Refusal | undefined>;
  /** A job has journaled that it leaves this client out. */
  quarantined(clientId: ClientId): void;
  /** Journals the release; the client is drawn again from the next round on. @param releasedBy raw Ed25519 public key */
  release(clientName: string, releasedBy: Uint8Array, reason: string): Promise<Refusal | undefined>;
}

/** What the coordinator pushes to one connected client. */
export type Push =
  | { readonly type: "task"; readonly task: SignedTask }
  | {
      readonly type: "cancel";
      readonly jobId: JobId;
      readonly round: number;
      readonly attempt: number;
      readonly reason: string;
    }
  | {
      readonly type: "roundClosed";
      readonly jobId: JobId;
      readonly round: number;
      readonly attempt: number;
      readonly counted: boolean;
      readonly modelSha256: Digest;
    }
  | { readonly type: "jobEnded"; readonly jobId: JobId; readonly outcome: string; readonly reason: string };

/** One authenticated control stream; bound to (client, key epoch, connection). */
export interface ClientSession {
  readonly clientId: ClientId;
  readonly keyEpoch: number;
  /** Lower-case hex of the 32-byte session token. */
  readonly token: string;
}

/** Open control streams. grpc/connect.ts opens and closes them; jobs push through them. */
export interface Sessions {
  /** A newer session of the same client replaces the older one, whose `end` is called. */
  open(client: EnrolledClient, connection: Connection): ClientSession | Refusal;
  close(session: ClientSession): void;
  byToken(token: string): ClientSession | undefined;
  isConnected(clientId: ClientId): boolean;
  push(clientId: ClientId, message: Push): void;
  /** Ends every session of a client (revocation) or of all (shutdown). */
  end(clientId: ClientId | "all", code: ErrorCode): void;
}

/** How a session reaches its stream. */
export interface Connection {
  send(message: Push): void;
  end(code: ErrorCode): void;
}

export interface JobSummary {
  readonly jobId: JobId;
  readonly name: string;
  readonly phase: "running" | "completed" | "stopped" | "failed";
  readonly round: number;
  readonly rounds: number;
  readonly reason: string;
}

export interface ModelSummary {
  readonly jobId: JobId;
  readonly version: number;
  readonly modelSha256: Digest;
  readonly parentSha256: Digest;
  readonly accuracy: number | undefined;
}

export interface Jobs {
  /** @throws PLAN_INVALID, INFEASIBLE_RULE, PRIVACY_UNSUPPORTED ... with a message for the operator */
  start(planYaml: string, baseFolder: string): Promise<{ jobId: JobId; planSha256: Digest }>;
  stop(jobId: JobId, reason: string): Promise<Refusal | undefined>;
  list(): readonly JobSummary[];
  models(jobId: JobId | undefined): readonly ModelSummary[];
  /** The job with the figures of one round, the last one diagnosed unless told otherwise. @throws JOB_UNKNOWN, ROUND_UNKNOWN */
  show(jobId: JobId, round: number | undefined): JobReport;
  /** What the job's clients were charged, over all jobs, and may still be; of all clients without a job. @throws JOB_UNKNOWN */
  privacy(jobId: JobId | undefined): PrivacyReport;
  /** A client connected: whatever open rounds ask of it is pushed again. */
  clientConnected(session: ClientSession): void;
  accepted(session: ClientSession, task: AttemptKey): void;
  declined(session: ClientSession, task: AttemptKey, reason: string): void;
  progressed(session: ClientSession, task: AttemptKey, stepsDone: number, stepsTotal: number): void;
  /** Whether an open task of this client names the blob: base model, plan or topology. */
  mayDownload(session: ClientSession, digest: Digest): boolean;
}

export interface AttemptKey {
  readonly jobId: JobId;
  readonly round: number;
  readonly attempt: number;
}

/** The gate every update passes (docs/architecture.md has the order of its checks). */
export interface Admission {
  /** All checks that need no body, cheapest first. */
  begin(session: ClientSession, headerBytes: Uint8Array, signature: Uint8Array): Promise<Begun>;
  /** The receipt of an update this client had admitted. */
  receiptOf(session: ClientSession, updateId: UpdateId): SignedReceipt | Refusal;
}

export type Begun =
  | { readonly outcome: "refused"; readonly refusal: Refusal }
  /** A known update id gets the same receipt again. */
  | { readonly outcome: "known"; readonly receipt: SignedReceipt }
  | { readonly outcome: "proceed"; readonly upload: Upload };

/** A body on its way in. Exactly one of finish, suspend and abandon ends it. */
export interface Upload {
  /** Bytes durable or held already: where the client sends from. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Chunks come in order without gaps; a refusal ends the upload. */
  write(offset: number, bytes: Uint8Array): Promise<Refusal | undefined>;
  /** Length, digest, finite, norm; then durable; then the receipt. */
  finish(): Promise<SignedReceipt | Refusal>;
  /** The stream broke: keep what came for a resume. */
  suspend(): Promise<void>;
  /** Refused while it streamed (too slow, session ended): count it and drop what came. */
  abandon(code: ErrorCode): Promise<void>;
}
