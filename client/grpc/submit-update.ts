import { type FileHandle, open } from "node:fs/promises";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { FederationError, isErrorCode, type Refusal, refuse } from "../../core/errors.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import type { PayloadFile, SignedUpdate } from "../../core/update.ts";
import type { UploadMessage } from "../../proto/generated/holdfast/v1/UploadMessage.ts";
import type { UploadReply__Output as UploadReply } from "../../proto/generated/holdfast/v1/UploadReply.ts";
import { CHUNK_BYTES } from "../../proto/protocol.ts";
import { decodeReceipt } from "./decode.ts";
import { repliesOf } from "./replies.ts";
import { resuming } from "./resuming.ts";
import type { SessionCalls } from "./session.ts";

/** A trip to the disk costs as much as the copying of a chunk. */
const READ_BYTES = 2 * CHUNK_BYTES;

type UploadCall = ClientDuplexStream<UploadMessage, UploadReply>;

/**
 * Sends header and signature, then the payload from wherever the coordinator says, and returns its word on it. A
 * broken stream is begun again, and continues, as long as the session stands.
 * @throws COORDINATOR_UNREACHABLE, SESSION_INVALID, RECEIPT_INVALID
 */
export function submitUpdate(
  calls: SessionCalls,
  update: SignedUpdate,
  signal: AbortSignal,
): Promise<SignedReceipt | Refusal> {
  return resuming(calls, signal, async () => {
    const call: UploadCall = calls.stub.uploadUpdate(calls.metadata);
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel);
    try {
      const reply = await upload(call, update);
      if (reply?.receipt) return decodeReceipt(reply.receipt, update.updateId, calls.coordinator);
      if (reply?.refused) return refusalOf(reply.refused);
      throw new FederationError("COORDINATOR_UNREACHABLE", "the upload ended without a receipt or a refusal");
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  });
}

/** The coordinator's last word; it may come before the payload is through. */
async function upload(call: UploadCall, update: SignedUpdate): Promise<UploadReply | undefined> {
  const replies = repliesOf<UploadReply>(call, 4);
  call.write({ begin: { header: update.headerBytes, signature: update.signature } });
  const first = await replies.next();
  if (!first?.proceed) return first;

  let answered = false;
  const answer = replies.next().finally(() => {
    answered = true;
  });
  const [reply] = await Promise.all([answer, sendPayload(call, update.payload, first.proceed.offset, () => answered)]);
  return reply;
}

async function sendPayload(
  call: UploadCall,
  payload: PayloadFile,
  fromOffset: number,
  answered: () => boolean,
): Promise<void> {
  for await (const { offset, bytes } of chunksOf(payload, fromOffset)) {
    if (answered()) return;
    if (!call.write({ chunk: { offset, bytes } })) await drained(call, answered);
  }
  call.end();
}

async function* chunksOf({ bytes, path, offset: start, sizeBytes }: PayloadFile, fromOffset: number) {
  if (bytes !== undefined) return yield* slicesOf(bytes, fromOffset);
  const file = await open(path, "r");
  const read = (offset: number) => readBlock(file, start + offset, Math.min(READ_BYTES, sizeBytes - offset));
  let ahead = read(fromOffset);
  try {
    for (let offset = fromOffset; offset < sizeBytes; offset += READ_BYTES) {
      const block = await ahead;
      // the disk works while the stream drains
      ahead = read(Math.min(offset + READ_BYTES, sizeBytes));
      for (const slice of slicesOf(block, 0)) yield { ...slice, offset: offset + slice.offset };
    }
  } finally {
    await ahead.catch(() => undefined);
    await file.close();
  }
}

async function readBlock(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  if (bytesRead !== length) throw new FederationError("DATA_FILE_INVALID", "the update's file is too short");
  return buffer;
}

function* slicesOf(bytes: Uint8Array, fromOffset: number) {
  for (let offset = fromOffset; offset < bytes.length; offset += CHUNK_BYTES) {
    yield { offset, bytes: bytes.subarray(offset, offset + CHUNK_BYTES) };
  }
}

/** Until the stream takes more, or has ended. */
function drained(call: UploadCall, answered: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done).off("status", done);
      resolve();
    };
    if (answered()) return resolve();
    call.on("drain", done).on("status", done);
  });
}

function refusalOf({ code, told }: { readonly code: string; readonly told: string }): Refusal {
  return refuse(isErrorCode(code) ? code : "MESSAGE_INVALID", told);
}
