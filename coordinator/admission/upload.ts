import { type ErrorCode, isRefusal, type Refusal, refuse } from "../../core/errors.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import { type ReceivedUpdate, received } from "../../core/update.ts";
import type { Upload } from "../parts.ts";

import { type Body, refusing } from "./body.ts";
import { type Candidate, openRound } from "./checks.ts";
import { type AdmissionParts, evidence, type RunningJob, recordRefusal } from "./record.ts";

interface UploadInProgress {
  readonly candidate: Candidate;
  readonly job: RunningJob;
  readonly body: Body;
  readonly parts: AdmissionParts;
  /** Runs `finish` unless another stream of the same update was answered already. */
  answerOnce(finish: () => Promise<SignedReceipt | Refusal>): Promise<SignedReceipt | Refusal>;
  /** Called once, however the upload ends; `isLeft`: its bytes stay, for a resume. */
  ended(isLeft: boolean): void;
}

/** The body's side of admission: bytes in order, then length, digest, finite, norm, then durable, then the receipt. */
export function openUpload({ candidate, job, body, parts, answerOnce, ended }: UploadInProgress): Upload {
  const { header } = candidate;
  let over = false;

  function end(isLeft = false): boolean {
    const first = !over;
    over = true;
    if (first) ended(isLeft);
    return first;
  }

  async function write(offset: number, bytes: Uint8Array): Promise<Refusal | undefined> {
    if (over) return refuse("CHUNK_INVALID", "another stream took this upload over");
    if (offset !== body.offset) return refuse("CHUNK_INVALID", `chunk at ${offset}, expected at ${body.offset}`);
    const refusal = await refusing(["CHUNK_INVALID", "DISK_FULL"], () => body.write(bytes));
    return isRefusal(refusal) ? refusal : undefined;
  }

  async function judge(): Promise<SignedReceipt | Refusal> {
    const update = receive(body, candidate);
    if (isRefusal(update)) return reject(update);
    const norm = await measure(body, job.state.plan.aggregation.maxNorm);
    if (isRefusal(norm)) return reject(norm);
    return admit(update, norm);
  }

  /** Durable first, then journaled, then the receipt. */
  async function admit(update: ReceivedUpdate, norm: number): Promise<SignedReceipt | Refusal> {
    const late = noLongerWanted();
    if (late !== undefined) return reject(late);
    const kept = await refusing(["DISK_FULL"], () => body.keep());
    if (isRefusal(kept)) return kept;
    const unwelcome = stillWelcome();
    if (unwelcome !== undefined) return unwelcome;
    const command = admitCommand(update, job, norm, parts.clock.nowMs());
    const sealing = { sealed: { ...evidence(candidate), norm }, key: candidate.updateId, blobs: kept };
    const admitted = await job.submit(command, sealing);
    if (isRefusal(admitted)) return recordRefusal(candidate, job, admitted, parts);
    return parts.receipts.of(candidate.updateId, header.clientId) ?? refuse("RECEIPT_UNKNOWN", candidate.updateId);
  }

  /** Asked before the payload takes its place in the store, where nothing would ever fetch it. */
  function noLongerWanted(): Refusal | undefined {
    const open = openRound(header, job.state);
    if (open === undefined) return refuse("ROUND_NOT_OPEN", `round ${header.round} closed while the body came`);
    const standing = open.admitted.get(header.clientId);
    return standing && refuse("UPDATE_CONFLICT", `${standing.updateId} stands for ${header.clientId}`);
  }

  /** A revocation that came while the body streamed is effective at once. */
  function stillWelcome(): Refusal | undefined {
    const revoked = parts.clients.find(header.clientId)?.revoked ?? true;
    return revoked ? refuse("CLIENT_REVOKED", header.clientId) : undefined;
  }

  async function reject(refusal: Refusal): Promise<Refusal> {
    await body.discard();
    return recordRefusal(candidate, job, refusal, parts);
  }

  return {
    get offset() {
      return body.offset;
    },
    sizeBytes: header.payloadLength,
    write,
    async finish() {
      if (!end()) return refuse("CHUNK_INVALID", "another stream took this upload over");
      return answerOnce(judge);
    },
    async suspend() {
      if (end(true)) await body.suspend();
    },
    async abandon(code: ErrorCode) {
      if (!end()) return;
      await body.discard();
      job.countRefusal(header.clientId, code, false);
    },
  };
}

/** The whole body is here and is what was signed. */
function receive(body: Body, { header, updateId }: Candidate): ReceivedUpdate | Refusal {
  const { payloadLength, payloadSha256 } = header;
  if (body.offset !== payloadLength) {
    return refuse("PAYLOAD_LENGTH_MISMATCH", `${body.offset} of ${payloadLength} bytes came`);
  }
  const digest = body.digest();
  if (digest !== payloadSha256) return refuse("PAYLOAD_DIGEST_MISMATCH", `the payload hashes to ${digest}`);
  return received({ updateId, header });
}

/** The L2 norm of a body whose values are all finite. */
async function measure(body: Body, maxNorm: number): Promise<number | Refusal> {
  const norm = Math.sqrt(await body.sumOfSquares());
  if (!Number.isFinite(norm)) return refuse("NOT_FINITE", "a value is NaN or infinite");
  return norm > maxNorm ? refuse("NORM_TOO_LARGE", `norm ${norm} above ${maxNorm}`) : norm;
}

function admitCommand({ header, updateId }: ReceivedUpdate, job: RunningJob, norm: number, receivedAtMs: number) {
  const { clientId, payloadSha256, clientSeq, numExamples, round, attempt } = header;
  const { aggregation, privacy } = job.state.plan;
  const { weights, maxExamples } = aggregation;
  // a norm is a fact about one client's data: under privacy only the bound is public
  const publicNorm = privacy.mode === "central" ? privacy.clipNorm : norm;
  const claimed = Number(numExamples);
  const weight = weights === "uniform" ? 1 : Math.min(claimed, maxExamples);
  const capped = claimed > maxExamples ? { cappedFrom: String(numExamples) } : {};
  const update = { clientId, updateId, payloadSha256, clientSeq, norm: publicNorm, weight, ...capped, receivedAtMs };
  return { type: "admit", attempt: { round, attempt }, update } as const;
}
