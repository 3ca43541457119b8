import { type ClientDuplexStream, Metadata } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { connectionMessage } from "../../core/crypto/messages.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { verifyHead } from "../../core/crypto/statements.ts";
import type { Verifier } from "../../core/crypto/verify.ts";
import { FederationError } from "../../core/errors.ts";
import { fromHex } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { ClientMessage } from "../../proto/generated/holdfast/v1/ClientMessage.ts";
import type { CoordinatorMessage__Output as CoordinatorMessage } from "../../proto/generated/holdfast/v1/CoordinatorMessage.ts";
import type { ParticipationClient } from "../../proto/generated/holdfast/v1/Participation.ts";
import type { SessionOpened__Output as SessionOpened } from "../../proto/generated/holdfast/v1/SessionOpened.ts";
import { PROTOCOL } from "../../proto/protocol.ts";
import type { ClientProfile } from "../profile.ts";
import type { ControlMessage, Session } from "../transport.ts";
import { decodeControl, decodeHead, encodeTaskKey } from "./decode.ts";
import { fetchBlob } from "./fetch-blob.ts";
import { askReceipt } from "./get-receipt.ts";
import { readLog } from "./read-log.ts";
import { type Replies, repliesOf } from "./replies.ts";
import { submitUpdate } from "./submit-update.ts";

/** What one session needs of the transport that opened it. */
export interface SessionParts {
  readonly stub: ParticipationClient;
  readonly profile: ClientProfile;
  readonly signer: SigningKey;
  readonly coordinator: Verifier;
  readonly journal: Verifier;
  readonly log: Logger;
}

/** What every call of a session carries, and whether the session still stands. */
export interface SessionCalls {
  readonly stub: ParticipationClient;
  readonly coordinator: Verifier;
  readonly metadata: Metadata;
  readonly isOpen: () => boolean;
}

type ControlCall = ClientDuplexStream<ClientMessage, CoordinatorMessage>;

const MAX_UNREAD_MESSAGES = 1_024;
const SESSION_METADATA = "holdfast-session-bin";

/** Connects, proves who we are, and keeps the control stream alive until it is closed or breaks. */
export async function openSession(parts: SessionParts, signal: AbortSignal): Promise<Session> {
  const call: ControlCall = parts.stub.connect();
  const giveUp = () => call.cancel();
  signal.addEventListener("abort", giveUp);
  try {
    signal.throwIfAborted();
    const replies = repliesOf<CoordinatorMessage>(call, MAX_UNREAD_MESSAGES, (message) => message.body !== "heartbeat");
    const opened = await handshake(call, replies, parts);
    const head = headOf(opened, parts);
    return { head, ...startSession(call, replies, opened, parts) };
  } catch (error) {
    call.cancel();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** @throws the coordinator's refusal, MESSAGE_INVALID */
async function handshake(
  call: ControlCall,
  replies: Replies<CoordinatorMessage>,
  { profile, signer }: SessionParts,
): Promise<SessionOpened> {
  const { federationId, clientId, keyEpoch } = profile;
  call.write({ hello: { ...PROTOCOL, clientId: fromHex(clientId), keyEpoch, software: "holdfast" } });
  const challenge = (await replies.next())?.challenge;
  if (!challenge) throw unexpected("no challenge came");
  if (challenge.protocolMajor !== PROTOCOL.protocolMajor) {
    throw new FederationError("PROTOCOL_UNSUPPORTED", `the coordinator speaks protocol ${challenge.protocolMajor}`);
  }
  const message = connectionMessage({ federationId, clientId, keyEpoch, challenge: challenge.nonce });
  call.write({ proof: { signature: signer.sign(message) } });
  const opened = (await replies.next())?.session;
  if (!opened) throw unexpected("no session was opened");
  return opened;
}

/** @throws MESSAGE_INVALID unless the log's key signed it, for our federation */
function headOf(opened: SessionOpened, { profile, journal }: SessionParts): SignedHead | undefined {
  const head = opened.head ? decodeHead(opened.head) : undefined;
  if (head !== undefined && (head.origin !== profile.federationId || !verifyHead(head, journal))) {
    throw unexpected("the journal's head does not verify");
  }
  return head;
}

const unexpected = (detail: string) => new FederationError("MESSAGE_INVALID", detail);

function startSession(
  call: ControlCall,
  replies: Replies<CoordinatorMessage>,
  { sessionToken, idleMs }: SessionOpened,
  { stub, coordinator, log }: SessionParts,
): Omit<Session, "head"> {
  let open = true;
  let closed = false;
  let heard = true;
  const send = (message: ClientMessage) => open && call.write(message);
  // one silent period of `idleMs` is death: the coordinator answers every heartbeat
  const beat = setInterval(() => send({ heartbeat: {} }), Math.max(1, idleMs / 3));
  const watch = setInterval(() => {
    if (!heard) call.cancel();
    heard = false;
  }, idleMs);
  call.on("data", () => {
    heard = true;
  });
  call.once("status", () => {
    open = false;
    clearInterval(beat);
    clearInterval(watch);
    log.debug("the control stream has ended");
  });

  const metadata = new Metadata();
  metadata.set(SESSION_METADATA, sessionToken);
  const calls: SessionCalls = { stub, coordinator, metadata, isOpen: () => open };
  return {
    messages: controlMessages(replies, coordinator, () => closed),
    accept: (task) => void send({ accept: { task: encodeTaskKey(task) } }),
    decline: (task, reason) => void send({ decline: { task: encodeTaskKey(task), reason } }),
    progress: (task, stepsDone, stepsTotal) =>
      void send({ progress: { task: encodeTaskKey(task), stepsDone, stepsTotal } }),
    fetch: (digest, signal) => fetchBlob(calls, digest, signal),
    submit: (update, signal) => submitUpdate(calls, update, signal),
    receiptOf: (updateId) => askReceipt(calls, updateId),
    readLog: (size, take, signal) => readLog(calls, size, take, signal),
    close: () => {
      closed = true;
      call.cancel();
    },
  };
}

async function* controlMessages(
  replies: Replies<CoordinatorMessage>,
  coordinator: Verifier,
  closed: () => boolean,
): AsyncGenerator<ControlMessage> {
  for (;;) {
    const message = await replies.next().catch((error: unknown) => {
      if (!closed()) throw error;
    });
    if (!message || closed()) return;
    const control = decodeControl(message, coordinator);
    // a newer minor version may push what we do not know
    if (control !== undefined) yield control;
  }
}
