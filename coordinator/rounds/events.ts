import type { ErrorCode } from "../../core/errors.ts";
import type { ClientId, Digest, FederationId, JobId, UpdateId } from "../../core/ids.ts";
import type { Plan } from "../../core/plan.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";

/**
 * Everything that ever happens, as plain canonical-JSON values: u64 and bytes are strings, nothing is non-finite.
 * This is the public part; what only an evidence bundle may show travels beside it as the sealed part.
 */
export type Event = FederationEvent | JobEvent;

export type FederationEvent =
  | {
      readonly type: "FederationCreated";
      readonly federationId: FederationId;
      readonly name: string;
      /** Raw Ed25519 public keys, hex. */
      readonly coordinatorKey: string;
      readonly logKey: string;
      readonly adminKey: string;
      readonly atMs: number;
    }
  | {
      readonly type: "InvitationIssued";
      readonly tokenSha256: Digest;
      readonly clientName: string;
      readonly expiresAtMs: number;
      readonly atMs: number;
    }
  | {
      readonly type: "ClientEnrolled";
      readonly clientId: ClientId;
      readonly clientName: string;
      readonly publicKey: string;
      readonly keyEpoch: number;
      readonly tokenSha256: Digest;
      readonly atMs: number;
    }
  | { readonly type: "ClientRevoked"; readonly clientId: ClientId; readonly reason: string; readonly atMs: number };

interface OfAttempt {
  readonly jobId: JobId;
  readonly round: number;
  readonly attempt: number;
}

export type JobEvent =
  | {
      readonly type: "JobStarted";
      readonly jobId: JobId;
      readonly plan: Plan;
      readonly planSha256: Digest;
      readonly tensorSchema: TensorSchema;
      readonly tensorSchemaSha256: Digest;
      readonly initialModelSha256: Digest;
      /** Clients enrolled and not revoked at the start: the population of the job. */
      readonly population: readonly ClientId[];
      readonly atMs: number;
    }
  | (OfAttempt & {
      readonly type: "RoundOpened";
      readonly serverNonce: Digest;
      readonly baseModelSha256: Digest;
      readonly cohort: readonly ClientId[];
      readonly openedAtMs: number;
    })
  | (OfAttempt & {
      readonly type: "UpdateAdmitted";
      readonly clientId: ClientId;
      readonly updateId: UpdateId;
      readonly payloadSha256: Digest;
      readonly clientSeq: number;
      /** L2 norm of the delta; under central privacy the clip norm, and the real one is sealed. */
      readonly norm: number;
      readonly weight: number;
      /** What the client claimed, when above the plan's cap. */
      readonly cappedFrom?: string;
      readonly receivedAtMs: number;
    })
  | (OfAttempt & {
      readonly type: "UpdateRefused";
      readonly clientId: ClientId;
      readonly updateId: UpdateId;
      readonly clientSeq: number;
      readonly code: ErrorCode;
      readonly receivedAtMs: number;
    })
  | (OfAttempt & { readonly type: "ClientDeclined"; readonly clientId: ClientId; readonly reason: string })
  | (OfAttempt & {
      readonly type: "Equivocation";
      readonly clientId: ClientId;
      readonly standing: UpdateId;
      readonly conflicting: UpdateId;
    })
  /** Refusals before signature verification, counted: nobody unauthenticated can fill the disk. */
  | (OfAttempt & { readonly type: "RefusalsCounted"; readonly counts: Readonly<Record<string, number>> })
  | (OfAttempt & {
      readonly type: "RoundClosed";
      /** Row order of the aggregation: by client id. */
      readonly rows: readonly {
        readonly clientId: ClientId;
        readonly updateId: UpdateId;
        readonly payloadSha256: Digest;
      }[];
      readonly absent: readonly ClientId[];
      readonly distancePath: "fast" | "exact";
      /** Seeds of randomised rules, drawn at close. */
      readonly seeds: readonly Digest[];
      readonly closedAtMs: number;
    })
  | (OfAttempt & {
      readonly type: "ChargeReserved";
      /** Index of the noise stream: one per set of inputs, never two noised versions of one sum. */
      readonly noiseIndex: number;
      readonly inputsSha256: Digest;
      readonly mechanism: GaussianMechanism;
    })
  | (OfAttempt & {
      readonly type: "VersionCommitted";
      readonly version: number;
      readonly modelSha256: Digest;
      readonly parentSha256: Digest;
      /** The aggregate after noise, before the server optimizer. */
      readonly releasedDeltaSha256: Digest;
      readonly optimizerStateSha256?: Digest;
      readonly committedAtMs: number;
    })
  | {
      readonly type: "ModelEvaluated";
      readonly jobId: JobId;
      readonly version: number;
      readonly accuracy: number;
      readonly loss: number;
      readonly numExamples: number;
    }
  | (OfAttempt & {
      readonly type: "RoundAbandoned";
      readonly reason: string;
      readonly code: ErrorCode;
      readonly atMs: number;
    })
  | {
      readonly type: "JobEnded";
      readonly jobId: JobId;
      readonly outcome: "completed" | "stopped" | "failed";
      readonly reason: string;
      readonly finalModelSha256: Digest;
      readonly atMs: number;
    };

/** One use of the Gaussian mechanism, as the accountant needs it (docs/privacy.md). */
export interface GaussianMechanism {
  readonly mechanism: "gaussian";
  /** Noise standard deviation divided by the L2 sensitivity under the stated adjacency. */
  readonly noiseMultiplier: number;
  readonly adjacency: "zero-out" | "replace-one";
  readonly sampling: "full";
}

/** What only the evidence bundle shows: signed headers, file paths, diagnostics. Plain canonical-JSON values. */
export type SealedPart = Readonly<Record<string, string | number | boolean | readonly string[] | readonly number[]>>;

export type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/** The journal key of a job's last event. */
export const endOfJob = (jobId: JobId): string => `end of job ${jobId}`;
