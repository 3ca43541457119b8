import type { ServerDuplexStream } from "@grpc/grpc-js";
import { ERROR_CATALOG, FederationError, isRefusal, type Refusal, refuse } from "../../core/errors.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import type { UploadMessage__Output as UploadMessage } from "../../proto/generated/holdfast/v1/UploadMessage.ts";
import type { UploadReply } from "../../proto/generated/holdfast/v1/UploadReply.ts";
import { MAX_CHUNK_BYTES } from "../../proto/protocol.ts";
import type { Upload } from "../parts.ts";
import { encodeSigned } from "./encode.ts";
import { callerOf } from "./guard.ts";
import { type Inbox, inboxOf } from "./inbox.ts";
import { keepPace, type Pace } from "./pace.ts";
import { releaser } from "./release.ts";
import type { Caller, Serving } from "./serving.ts";

type UploadCall = ServerDuplexStream<UploadMessage, UploadReply>;
type UploadInbox = Inbox<UploadMessage>;

/** Begin, then chunks from where Proceed says; answered by a receipt or a refusal. */
export async function uploadUpdate(call: UploadCall, serving: Serving): Promise<void> {
  const caller = callerOf(serving, call.metadata, call.getPeer());
  const inbox = inboxOf<UploadMessage>(call);
  const hangUp = () => inbox.fail(caller.ended.reason as Error);
  caller.ended.addEventListener("abort", hangUp);
  const pace = keepPace(inbox, serving.parts.limits);
  try {
    const answer = await receive(call, inbox, pace, caller, serving);
    call.write(isRefusal(answer) ? refusedReply(answer) : { receipt: encodeSigned(answer) });
  } finally {
    pace.stop();
    caller.ended.removeEventListener("abort", hangUp);
  }
}

async function receive(
  call: UploadCall,
  inbox: UploadInbox,
  pace: Pace,
  { session, peer }: Caller,
  { parts, windows }: Serving,
): Promise<SignedReceipt | Refusal> {
  const begin = (await inbox.next())?.begin;
  if (!begin) return refuse("MESSAGE_INVALID", "an upload starts with Begin");
  const begun = await parts.admission.begin(session, begin.header, begin.signature);
  if (begun.outcome === "refused") return begun.refusal;
  if (begun.outcome === "known") return begun.receipt;

  const { upload } = begun;
  const grant = windows().grant(peer, upload.sizeBytes - upload.offset);
  if (isRefusal(grant)) {
    await upload.suspend();
    return grant;
  }
  try {
    call.write({ proceed: { offset: upload.offset } });
    return (await receiveBody(inbox, pace, upload)) ?? (await upload.finish());
  } finally {
    grant.release();
  }
}

/** Undefined once the body is complete. */
async function receiveBody(inbox: UploadInbox, pace: Pace, upload: Upload): Promise<Refusal | undefined> {
  try {
    return await writeChunks(inbox, pace, upload);
  } catch (error) {
    if (error instanceof FederationError && DROPPED.has(error.code)) return abandoned(upload, error.code);
    await upload.suspend();
    throw error;
  }
}

/** Every chunk is written before the next is read. */
async function writeChunks(inbox: UploadInbox, pace: Pace, upload: Upload): Promise<Refusal | undefined> {
  const release = releaser();
  for (let offset = upload.offset; offset < upload.sizeBytes; ) {
    const message = await inbox.next();
    if (message === undefined) {
      // a cut looks like this too, for a moment: what came is kept
      await upload.suspend();
      return refuse("PAYLOAD_LENGTH_MISMATCH", `the client ended at ${offset} of ${upload.sizeBytes} bytes`);
    }
    const bytes = message.chunk?.bytes ?? NOTHING;
    const { length } = bytes;
    if (length === 0 || length > MAX_CHUNK_BYTES) return abandoned(upload, "CHUNK_INVALID");
    const refusal = await upload.write(message.chunk?.offset ?? 0, bytes);
    if (refusal !== undefined) {
      await upload.suspend();
      return refusal;
    }
    release(bytes);
    offset += length;
    pace.moved(length);
  }
  return undefined;
}

const NOTHING = new Uint8Array();

/** Ends of an upload that nobody may resume; after any other, what came is kept for the client to go on from. */
const DROPPED: ReadonlySet<FederationError["code"]> = new Set(["UPLOAD_TOO_SLOW", "CLIENT_REVOKED"]);

async function abandoned(upload: Upload, code: FederationError["code"]): Promise<Refusal> {
  await upload.abandon(code);
  return refuse(code, "the upload was abandoned");
}

function refusedReply({ refused }: Refusal): UploadReply {
  return { refused: { code: refused, told: ERROR_CATALOG[refused].told } };
}
