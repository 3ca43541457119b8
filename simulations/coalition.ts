import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FederationError } from "../core/errors.ts";
import { bytesOf, floatsOf } from "../core/tensors/digest.ts";
import type { Coalition } from "./attacks/attack.ts";

/** How a colluder reaches its coalition: loopback only, and only with the shared secret. */
export interface CoalitionAccess {
  readonly url: string;
  readonly token: string;
  /** This colluder's name among the members. */
  readonly member: string;
  /** Of that name among them all, from 0. */
  readonly place: number;
  readonly numMembers: number;
}

export interface CoalitionRelay {
  accessOf(member: string): CoalitionAccess;
  close(): Promise<void>;
}

/** Bounds of the relay, so that a confused colluder costs neither memory nor an endless wait. */
export interface CoalitionLimits {
  /** Bytes of one delta. */
  readonly maxBytes: number;
  /** Attempts that members may wait in at one time. */
  readonly maxMeetings: number;
  /** How long the first to come waits for the last. */
  readonly timeoutMs: number;
}

const DEFAULT_LIMITS: CoalitionLimits = { maxBytes: 64 << 20, maxMeetings: 4, timeoutMs: 60_000 };

/** One attempt of one round, until every member has come. */
interface Meeting {
  readonly rows: Map<string, Buffer>;
  readonly waiting: Map<string, ServerResponse>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Starts the place where colluders meet: each POSTs its honest delta (little-endian float32) for an attempt and is
 * answered, once all have, with the deltas of all members in the order of their names.
 */
export async function startCoalition(
  members: readonly string[],
  limits: CoalitionLimits = DEFAULT_LIMITS,
): Promise<CoalitionRelay> {
  const token = randomBytes(32).toString("hex");
  const meetings = new Map<string, Meeting>();

  function end(key: string, meeting: Meeting, status: number, body: Buffer | string): void {
    clearTimeout(meeting.timer);
    meetings.delete(key);
    for (const response of meeting.waiting.values()) response.writeHead(status).end(body);
  }

  function meetingOf(key: string): Meeting | undefined {
    const known = meetings.get(key);
    if (known !== undefined || meetings.size >= limits.maxMeetings) return known;
    const timer = setTimeout(() => end(key, meeting, 504, "not every colluder came"), limits.timeoutMs);
    const meeting: Meeting = { rows: new Map(), waiting: new Map(), timer };
    meetings.set(key, meeting);
    return meeting;
  }

  async function attend(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visit = admit(request, token, members);
    if (typeof visit === "number") return refuse(response, visit);
    const row = await readBody(request, limits.maxBytes);
    if (row === undefined) return refuse(response, 413);
    const meeting = meetingOf(visit.attempt);
    if (meeting === undefined) return refuse(response, 429);
    const [other] = meeting.rows.values();
    if (row.length === 0 || row.length % 4 !== 0 || (other !== undefined && other.length !== row.length)) {
      return refuse(response, 400);
    }
    meeting.rows.set(visit.member, row);
    meeting.waiting.get(visit.member)?.writeHead(409).end();
    meeting.waiting.set(visit.member, response);
    if (meeting.rows.size < members.length) return;
    const inOrder = [...meeting.rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes);
    end(visit.attempt, meeting, 200, Buffer.concat(inOrder));
  }

  const server = createServer((request, response) => {
    attend(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    accessOf: (member) => ({ url, token, member, place: members.indexOf(member), numMembers: members.length }),
    close: async () => {
      for (const [key, meeting] of meetings) end(key, meeting, 503, "the coalition is over");
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Joins a coalition that is met over loopback HTTP. Failures end the training with TRAINER_FAILED. */
export function coalitionAt({ url, token, member, numMembers }: CoalitionAccess): Coalition {
  return {
    places: () => Array.from({ length: numMembers }, (_, place) => place),
    exchange: async ({ jobId, round, attempt, signal }, delta) => {
      const response = await fetch(`${url}/${jobId}/${round}/${attempt}/${encodeURIComponent(member)}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: Buffer.from(bytesOf(delta)),
        signal,
      });
      if (!response.ok) throw new FederationError("TRAINER_FAILED", `the coalition answered ${response.status}`);
      const all = floatsOf(new Uint8Array(await response.arrayBuffer()));
      const numRows = all.length / delta.length;
      return Array.from({ length: numRows }, (_, i) => all.subarray(i * delta.length, (i + 1) * delta.length));
    },
  };
}

const PATH = /^\/([0-9a-f]{1,64}\/\d{1,9}\/\d{1,9})\/([^/]{1,100})$/;

/** The attempt and the member of a request, or the HTTP status it is turned away with. */
function admit(request: IncomingMessage, token: string, members: readonly string[]) {
  const given = Buffer.from(request.headers.authorization ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 401;
  const [, attempt, name] = PATH.exec(request.url ?? "") ?? [];
  const member = members.find((it) => encodeURIComponent(it) === name);
  if (request.method !== "POST" || attempt === undefined || member === undefined) return 404;
  return { attempt, member };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: "close" }).end();
}

/** The whole body, or undefined when it is above the bound. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
