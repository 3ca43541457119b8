import type { PublicLeaf } from "../core/crypto/public-leaf.ts";
import type { Refusal } from "../core/errors.ts";
import type { Digest, JobId, UpdateId } from "../core/ids.ts";
import type { SignedHead, SignedReceipt, SignedTask } from "../core/statements.ts";
import type { SignedUpdate } from "../core/update.ts";

/** The way to the coordinator. `grpc/` implements it; attacks on the protocol decorate it. */
export interface Transport {
  /**
   * Opens the control stream and proves who we are. Ends (throws COORDINATOR_UNREACHABLE or the coordinator's
   * refusal) when the stream breaks; the participant decides whether to connect again.
   */
  connect(signal: AbortSignal): Promise<Session>;
  close(): void;
}

export interface Session {
  /** Of the coordinator's log when the session opened, its signature checked; undefined while the log is empty. */
  readonly head: SignedHead | undefined;
  /** Pushed by the coordinator; ends when the coordinator closes the stream, throws when it breaks. */
  readonly messages: AsyncIterable<ControlMessage>;
  accept(task: TaskKey): void;
  decline(task: TaskKey, reason: string): void;
  /** Liveness by progress: local steps done of all. */
  progress(task: TaskKey, stepsDone: number, stepsTotal: number): void;
  /** The payload of a blob the task names, its digest checked; resumes where a broken transfer stopped. */
  fetch(digest: Digest, signal: AbortSignal): Promise<Uint8Array>;
  /** Uploads in chunks, resuming from the coordinator's durable offset; the verified receipt or the refusal. */
  submit(update: SignedUpdate, signal: AbortSignal): Promise<SignedReceipt | Refusal>;
  /** Asks again for a receipt whose acknowledgement was lost. */
  receiptOf(updateId: UpdateId): Promise<SignedReceipt | Refusal>;
  /** Hands on the first `size` public leaves of the coordinator's log, unchecked, or as many as it gives. */
  readLog(size: number, take: (leaf: PublicLeaf) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface TaskKey {
  readonly jobId: JobId;
  readonly round: number;
  readonly attempt: number;
}

export type ControlMessage =
  | { readonly type: "task"; readonly task: SignedTask }
  | { readonly type: "cancel"; readonly task: TaskKey; readonly reason: string }
  | { readonly type: "roundClosed"; readonly task: TaskKey; readonly counted: boolean; readonly modelSha256: Digest }
  | { readonly type: "jobEnded"; readonly jobId: JobId; readonly outcome: string; readonly reason: string };
