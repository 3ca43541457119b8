import type { ControlMessage, Session, Transport } from "../../../client/index.ts";
import type { ClientSession, Parts, Push } from "../../../coordinator/index.ts";
import { FederationError, isRefusal, type Refusal } from "../../../core/errors.ts";
import type { ClientId } from "../../../core/ids.ts";
import type { SignedReceipt } from "../../../core/statements.ts";
import type { SignedUpdate } from "../../../core/update.ts";
import { type Mailbox, mailbox } from "./mailbox.ts";

/**
 * The way to a coordinator in this process. What the gRPC handlers would do with a call is done here with a function
 * call: sessions, jobs and admission are the coordinator's own.
 */
export function memoryTransport(parts: Parts, clientId: ClientId): Transport {
  return { connect: async () => openSession(parts, clientId), close: () => undefined };
}

function openSession(parts: Parts, clientId: ClientId): Session {
  const client = parts.clients.find(clientId);
  if (client === undefined) throw new FederationError("CLIENT_UNKNOWN", clientId);
  const box: Mailbox<ControlMessage> = mailbox();
  const opened = parts.sessions.open(client, { send: (push) => box.put(controlOf(push)), end: () => box.close() });
  if (isRefusal(opened)) throw new FederationError(opened.refused, opened.detail);
  parts.jobs.clientConnected(opened);
  return {
    head: parts.journal.head,
    messages: box.messages,
    accept: (task) => parts.jobs.accepted(opened, task),
    decline: (task, reason) => parts.jobs.declined(opened, task, reason),
    progress: (task, stepsDone, stepsTotal) => parts.jobs.progressed(opened, task, stepsDone, stepsTotal),
    fetch: async (digest) => {
      if (!parts.jobs.mayDownload(opened, digest)) throw new FederationError("BLOB_UNKNOWN", digest);
      return parts.journal.inlineBlob(digest) ?? parts.blobs.read(digest);
    },
    submit: (update) => submit(parts, opened, update),
    receiptOf: async (updateId) => parts.admission.receiptOf(opened, updateId),
    readLog: async (size, take) => parts.journal.leaves(0, size).forEach(take),
    close() {
      parts.sessions.close(opened);
      box.close();
    },
  };
}

async function submit(
  { admission }: Parts,
  session: ClientSession,
  { headerBytes, signature, payload }: SignedUpdate,
): Promise<SignedReceipt | Refusal> {
  const begun = await admission.begin(session, headerBytes, signature);
  if (begun.outcome === "refused") return begun.refusal;
  if (begun.outcome === "known") return begun.receipt;
  const { upload } = begun;
  if (payload.bytes === undefined) throw new FederationError("INTERNAL", "an update of the lab without its bytes");
  return (await upload.write(upload.offset, payload.bytes.subarray(upload.offset))) ?? upload.finish();
}

function controlOf(push: Push): ControlMessage {
  if (push.type === "task" || push.type === "jobEnded") return push;
  const { jobId, round, attempt } = push;
  const task = { jobId, round, attempt };
  if (push.type === "cancel") return { type: "cancel", task, reason: push.reason };
  return { type: "roundClosed", task, counted: push.counted, modelSha256: push.modelSha256 };
}
