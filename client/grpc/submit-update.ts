import { type FileHandle, open } from "node:fs/promises";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { FederationError, isErrorCode, type Refusal, refuse } from "../../core/errors.ts";
import { readAll } from "../../core/files/file-bytes.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import type { PayloadFile, SignedUpdate } from "../../core/update.ts";
import { CHUNK_HEAD_BYTES, chunkMessage } from "../../proto/chunk-message.ts";
import type { UploadMessage } from "../../proto/generated/holdfast/v1/UploadMessage.ts";
import type { UploadReply__Output as UploadReply } from "../../proto/generated/holdfast/v1/UploadReply.ts";
import { CHUNK_BYTES } from "../../proto/protocol.ts";
import { decodeReceipt } from "./decode.ts";
import { repliesOf } from "./replies.ts";
import { resuming } from "./resuming.ts";
import type { SessionCalls } from "./session.ts";

/** While one is read, the others leave. */
const CHUNKS_UNDER_WAY = 3;

type UploadCall = ClientDuplexStream<UploadMessage | Uint8Array, UploadReply>;

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
    const call = calls.stub.uploadUpdate(calls.metadata) as UploadCall;
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

  let over = false;
  const end = () => {
    over = true;
  };
  call.once("status", end);
  const answer = replies.next().finally(end);
  const [reply] = await Promise.all([answer, sendPayload(call, update.payload, first.proceed.offset, () => over)]);
  return reply;
}

async function sendPayload(
  call: UploadCall,
  payload: PayloadFile,
  fromOffset: number,
  isOver: () => boolean,
): Promise<void> {
  if (payload.bytes === undefined) await sendFile(call, payload, fromOffset, isOver);
  else await sendBytes(call, payload.bytes, fromOffset, isOver);
  if (!isOver()) call.end();
}

async function sendBytes(call: UploadCall, payload: Uint8Array, fromOffset: number, isOver: () => boolean) {
  for (let offset = fromOffset; offset < payload.length && !isOver(); offset += CHUNK_BYTES) {
    await sent(call, { chunk: { offset, bytes: payload.subarray(offset, offset + CHUNK_BYTES) } });
  }
}

/** A few buffers take the chunks in turn: as garbage, so many would keep the collector busier than sending keeps us. */
async function sendFile(call: UploadCall, payload: PayloadFile, fromOffset: number, isOver: () => boolean) {
  const { path, offset: start, sizeBytes } = payload;
  const file = await open(path, "r");
  const newBuffer = () => Buffer.allocUnsafeSlow(CHUNK_HEAD_BYTES + CHUNK_BYTES);
  const buffers = Array.from({ length: CHUNKS_UNDER_WAY }, newBuffer);
  const underWay: Promise<void>[] = [];
  try {
    for (let offset = fromOffset, slot = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
      await underWay[slot];
      const length = Math.min(CHUNK_BYTES, sizeBytes - offset);
      const buffer = buffers[slot] as Buffer;
      await readPart(file, buffer.subarray(CHUNK_HEAD_BYTES, CHUNK_HEAD_BYTES + length), start + offset);
      if (isOver()) return;
      underWay[slot] = sent(call, chunkMessage(buffer, offset, length));
      slot = (slot + 1) % CHUNKS_UNDER_WAY;
    }
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  await readAll(file, into, position).catch((cause: unknown) => {
    throw new FederationError("DATA_FILE_INVALID", "the update's file cannot be read", { cause });
  });
}

/** Until the message has left, or the stream has ended. */
function sent(call: UploadCall, message: UploadMessage | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("status", done);
      resolve();
    };
    call.on("status", done);
    call.write(message, done);
  });
}

function refusalOf({ code, told }: { readonly code: string; readonly told: string }): Refusal {
  return refuse(isErrorCode(code) ? code : "MESSAGE_INVALID", told);
}
