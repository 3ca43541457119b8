import type { ServerDuplexStream } from "@grpc/grpc-js";
import { connectionMessage } from "../../core/crypto/messages.ts";
import { type ErrorCode, FederationError, isRefusal } from "../../core/errors.ts";
import { asClientId, asJobId, fromHex, toHex } from "../../core/ids.ts";
import type { ClientMessage__Output as ClientMessage } from "../../proto/generated/holdfast/v1/ClientMessage.ts";
import type { CoordinatorMessage } from "../../proto/generated/holdfast/v1/CoordinatorMessage.ts";
import type { Hello__Output as Hello } from "../../proto/generated/holdfast/v1/Hello.ts";
import type { TaskKey__Output as TaskKey } from "../../proto/generated/holdfast/v1/TaskKey.ts";
import { PROTOCOL } from "../../proto/protocol.ts";
import type { AttemptKey, ClientSession, Connection, EnrolledClient, Jobs, Parts } from "../parts.ts";
import { encodeHead, encodePush } from "./encode.ts";
import { type Inbox, inboxOf } from "./inbox.ts";
import type { Serving } from "./serving.ts";
import { printable } from "./text.ts";

type ControlCall = ServerDuplexStream<ClientMessage, CoordinatorMessage>;

/** Messages a client may leave unread before it is cut off. */
const MAX_UNREAD_MESSAGES = 1_024;

/** The control stream of one client: hello, challenge, proof, session; then tasks and answers until one side ends. */
export async function connect(call: ControlCall, { parts, callers, connections }: Serving): Promise<void> {
  const inbox = inboxOf<ClientMessage>(call);
  const client = await within(parts.limits.handshakeMs, inbox, () => authenticate(call, inbox, parts));
  const ended = new AbortController();
  const connection = connectionOf(call, inbox, ended);
  const session = parts.sessions.open(client, connection);
  if (isRefusal(session)) throw new FederationError(session.refused, session.detail);
  const peer = call.getPeer();
  const withdraw = connections().vouch(peer);
  callers.set(session, { session, peer, ended: ended.signal });
  try {
    const head = parts.journal.head;
    call.write({
      session: {
        sessionToken: fromHex(session.token),
        head: head === undefined ? null : encodeHead(head),
        idleMs: parts.limits.idleMs,
      },
    });
    parts.jobs.clientConnected(session);
    await converse(call, inbox, session, parts);
  } finally {
    ended.abort(new FederationError("SESSION_INVALID", `the control stream of ${client.name} has ended`));
    parts.sessions.close(session);
    withdraw();
  }
}

/** @throws PROTOCOL_UNSUPPORTED, CLIENT_UNKNOWN, CLIENT_REVOKED, KEY_EPOCH_STALE, PROOF_INVALID */
async function authenticate(call: ControlCall, inbox: Inbox<ClientMessage>, parts: Parts): Promise<EnrolledClient> {
  const hello = expected((await inbox.next())?.hello, "hello");
  const client = clientOf(hello, parts);
  const challenge = parts.random.bytes(32);
  call.write({ challenge: { ...PROTOCOL, nonce: challenge } });
  const { signature } = expected((await inbox.next())?.proof, "proof");
  const { clientId, keyEpoch, name } = client;
  const message = connectionMessage({ federationId: parts.federationId, clientId, keyEpoch, challenge });
  if (!parts.clients.verify(client, message, signature)) {
    throw new FederationError("PROOF_INVALID", `the proof of ${name} does not verify`);
  }
  // the key may have been revoked since hello
  return clientOf(hello, parts);
}

function clientOf({ protocolMajor, clientId, keyEpoch }: Hello, { clients }: Parts): EnrolledClient {
  if (protocolMajor !== PROTOCOL.protocolMajor) {
    throw new FederationError("PROTOCOL_UNSUPPORTED", `a client speaks protocol ${protocolMajor}`);
  }
  const client = clients.find(asClientId(toHex(clientId)));
  if (client === undefined) throw new FederationError("CLIENT_UNKNOWN", `no client ${toHex(clientId)}`);
  if (client.revoked) throw new FederationError("CLIENT_REVOKED", `${client.name} is revoked`);
  if (client.keyEpoch !== keyEpoch) {
    throw new FederationError("KEY_EPOCH_STALE", `${client.name} has epoch ${keyEpoch}, not ${client.keyEpoch}`);
  }
  return client;
}

function connectionOf(call: ControlCall, inbox: Inbox<ClientMessage>, ended: AbortController): Connection {
  const end = (code: ErrorCode) => {
    const reason = new FederationError(code, "the session was ended");
    ended.abort(reason);
    inbox.fail(reason);
  };
  return {
    end,
    send: (push) => {
      if (call.writableLength > MAX_UNREAD_MESSAGES) return end("RATE_EXCEEDED");
      if (call.writable) call.write(encodePush(push));
    },
  };
}

async function converse(
  call: ControlCall,
  inbox: Inbox<ClientMessage>,
  session: ClientSession,
  { jobs, limits }: Parts,
): Promise<void> {
  const silent = () => inbox.fail(new FederationError("SESSION_INVALID", `silent for ${limits.idleMs} ms`));
  const idle = setTimeout(silent, limits.idleMs);
  try {
    for (let message = await inbox.next(); message !== undefined; message = await inbox.next()) {
      idle.refresh();
      // a client that does not read its answers gets one, not a queue of them
      if (message.heartbeat && call.writableLength === 0) call.write({ heartbeat: {} });
      else hear(message, session, jobs);
    }
  } finally {
    clearTimeout(idle);
  }
}

function hear({ hello, proof, accept, decline, progress }: ClientMessage, session: ClientSession, jobs: Jobs): void {
  if (accept) jobs.accepted(session, attemptOf(accept.task));
  if (decline) jobs.declined(session, attemptOf(decline.task), printable(decline.reason));
  if (progress) jobs.progressed(session, attemptOf(progress.task), progress.stepsDone, progress.stepsTotal);
  if (hello || proof) throw new FederationError("MESSAGE_INVALID", "a second handshake on one stream");
}

function attemptOf(task: TaskKey | null): AttemptKey {
  const { jobId, round, attempt } = expected(task, "task");
  return { jobId: asJobId(toHex(jobId)), round, attempt };
}

function expected<T>(field: T | null | undefined, what: string): T {
  if (field === null || field === undefined) throw new FederationError("MESSAGE_INVALID", `no ${what} where it is due`);
  return field;
}

async function within<T>(milliseconds: number, inbox: Inbox<unknown>, work: () => Promise<T>): Promise<T> {
  const late = () => inbox.fail(new FederationError("SESSION_INVALID", `no handshake within ${milliseconds} ms`));
  const timer = setTimeout(late, milliseconds);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
