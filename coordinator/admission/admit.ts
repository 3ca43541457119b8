import { decodeHeader, updateIdOf, updateMessage } from "../../core/crypto/envelope.ts";
import { isRefusal, type Refusal, refuse } from "../../core/errors.ts";
import type { UpdateId } from "../../core/ids.ts";
import type { Admission, Begun, ClientSession, Upload } from "../parts.ts";
import type { JobState } from "../rounds/job-state.ts";
import { openBody, refusing } from "./body.ts";
import { type Candidate, checkClaims, checkSender, checkSignature, checkTask, openRound } from "./checks.ts";
import { type AdmissionParts, type RunningJob, recordRefusal } from "./record.ts";
import { openUpload } from "./upload.ts";

/** The gate: checks in their order, cheapest first; the first refusal wins. */
export function openAdmission(parts: AdmissionParts): Admission {
  const underWay = new Map<string, { readonly updateId: UpdateId; readonly upload: Upload }>();

  async function begin(session: ClientSession, headerBytes: Uint8Array, signature: Uint8Array): Promise<Begun> {
    const header = decodeHeader(headerBytes);
    if (isRefusal(header)) return refused(header);
    const candidate = { session, header, headerBytes, signature, updateId: updateIdOf(headerBytes) };
    const client = parts.clients.find(header.clientId);
    const stranger = checkSender(candidate, client, parts.federationId);
    const job = parts.runningJob(header.jobId);
    if (stranger !== undefined || client === undefined) return refusedUnverified(candidate, job, stranger);
    const receipt = parts.receipts.of(candidate.updateId, client.clientId);
    if (receipt !== undefined) return { outcome: "known", receipt };
    if (job === undefined) return refused(refuse("JOB_UNKNOWN", header.jobId));
    const refusal =
      checkTask(candidate, job.state) ?? checkSignature(candidate, updateMessage(headerBytes), client, parts.clients);
    if (refusal !== undefined) return refusedUnverified(candidate, job, refusal);
    return beginVerified(candidate, job);
  }

  /** From here on the client is answerable: refusals are journaled one by one. */
  async function beginVerified(candidate: Candidate, job: RunningJob): Promise<Begun> {
    const refusal = checkFree(candidate, job.state) ?? checkClaims(candidate, job.state);
    if (refusal !== undefined) return refused(await recordRefusal(candidate, job, refusal, parts));
    const { clientId } = candidate.header;
    await takeOver(clientId, candidate.updateId);
    const body = await refusing(["DISK_FULL"], () => openBody(candidate.updateId, job.state.tensorSchema, parts.blobs));
    if (isRefusal(body)) return refused(body);
    const forget = () => {
      if (underWay.get(clientId)?.upload === upload) underWay.delete(clientId);
    };
    const upload = openUpload({ candidate, job, body, parts, ended: forget });
    underWay.set(clientId, { updateId: candidate.updateId, upload });
    return { outcome: "proceed", upload };
  }

  /** One upload per client: the same update continues where its older stream left it, another one replaces it. */
  async function takeOver(clientId: string, updateId: UpdateId): Promise<void> {
    const older = underWay.get(clientId);
    if (older === undefined) return;
    await (older.updateId === updateId ? older.upload.suspend() : older.upload.abandon("UPDATE_CONFLICT"));
  }

  /** Before the signature stands, a refusal is only counted: nobody can fill the disk with them. */
  function refusedUnverified(
    { session, header }: Candidate,
    job: RunningJob | undefined,
    why: Refusal | undefined,
  ): Begun {
    const refusal = why ?? refuse("CLIENT_UNKNOWN", header.clientId);
    job?.countRefusal(session.clientId, refusal.refused, openRound(header, job.state) !== undefined);
    return refused(refusal);
  }

  function refused(refusal: Refusal): Begun {
    parts.log.warn({ code: refusal.refused, detail: refusal.detail }, "update refused");
    return { outcome: "refused", refusal };
  }

  return {
    begin,
    receiptOf: (session, updateId) =>
      parts.receipts.of(updateId, session.clientId) ?? refuse("RECEIPT_UNKNOWN", `no receipt for ${updateId}`),
  };
}

/** One update per (job, round, attempt, client): the first stands. */
function checkFree({ header }: Candidate, job: JobState): Refusal | undefined {
  const standing = openRound(header, job)?.admitted.get(header.clientId);
  return standing && refuse("UPDATE_CONFLICT", `${standing.updateId} stands for ${header.clientId}`);
}
