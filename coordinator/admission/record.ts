import type { Logger } from "pino";
import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/errors.ts";
import type { ClientId, FederationId, JobId } from "../../core/ids.ts";
import type { Clients } from "../parts.ts";
import type { SealedPart } from "../rounds/events.ts";
import type { JobState } from "../rounds/job-state.ts";
import type { Attempt, Command } from "../rounds/round.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Appended, InlineBlob } from "../storage/journal.ts";
import { type Candidate, openRound } from "./checks.ts";
import type { Receipts } from "./receipts.ts";

export interface AdmissionParts {
  readonly federationId: FederationId;
  readonly clients: Clients;
  readonly blobs: BlobStore;
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly log: Logger;
  runningJob(jobId: JobId): RunningJob | undefined;
}

/** What admission needs of a job. */
export interface RunningJob {
  readonly state: JobState;
  begins(clientId: ClientId, attempt: Attempt): Promise<void>;
  submit(command: Command, extras?: SubmitExtras): Promise<Appended | Refusal | undefined>;
  countRefusal(clientId: ClientId, code: Refusal["refused"], isAnswer: boolean): void;
}

interface SubmitExtras {
  readonly sealed?: SealedPart;
  readonly key?: string;
  readonly blobs?: readonly InlineBlob[];
}

/** Journals a refusal of a verified update, with its signed header as sealed evidence. */
export async function recordRefusal(
  candidate: Candidate,
  job: RunningJob,
  refusal: Refusal,
  { clock }: Pick<AdmissionParts, "clock">,
): Promise<Refusal> {
  const { header, updateId } = candidate;
  const { round, attempt, clientId, clientSeq, payloadSha256 } = header;
  const recorded = await job.submit(
    {
      type: "refuse",
      attempt: { round, attempt },
      clientId,
      updateId,
      payloadSha256,
      clientSeq,
      code: refusal.refused,
      nowMs: clock.nowMs(),
    },
    { sealed: evidence(candidate) },
  );
  if (recorded === undefined) job.countRefusal(clientId, refusal.refused, openRound(header, job.state) !== undefined);
  return refusal;
}

/** The signed header, for whoever may open the sealed part. */
export function evidence({ headerBytes, signature }: Candidate): Readonly<Record<string, string>> {
  return { header: Buffer.from(headerBytes).toString("hex"), signature: Buffer.from(signature).toString("hex") };
}
