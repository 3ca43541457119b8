import { type ErrorCode, type Refusal, refuse } from "../../core/errors.ts";
import { type ClientId, toHex } from "../../core/ids.ts";
import type { Random } from "../../core/random/random.ts";
import type { ClientSession, Connection, EnrolledClient, Push, Sessions } from "../parts.ts";

const TOKEN_BYTES = 32;

interface OpenSession {
  readonly session: ClientSession;
  readonly connection: Connection;
}

/** Open control streams: one per client, the newest wins. A token dies with its stream. */
export class SessionTable implements Sessions {
  readonly #random: Random;
  readonly #maxSessions: number;
  readonly #byClient = new Map<ClientId, OpenSession>();
  readonly #byToken = new Map<string, ClientSession>();

  constructor(random: Random, maxSessions: number) {
    this.#random = random;
    this.#maxSessions = maxSessions;
  }

  open(client: EnrolledClient, connection: Connection): ClientSession | Refusal {
    if (client.revoked) return refuse("CLIENT_REVOKED", client.name);
    this.#end(client.clientId, "SESSION_INVALID");
    if (this.#byClient.size >= this.#maxSessions)
      return refuse("RATE_EXCEEDED", `${this.#maxSessions} sessions are open`);
    const token = toHex(this.#random.bytes(TOKEN_BYTES));
    const session = { clientId: client.clientId, keyEpoch: client.keyEpoch, token };
    this.#byClient.set(client.clientId, { session, connection });
    this.#byToken.set(token, session);
    return session;
  }

  close(session: ClientSession): void {
    this.#byToken.delete(session.token);
    if (this.#byClient.get(session.clientId)?.session === session) this.#byClient.delete(session.clientId);
  }

  byToken(token: string): ClientSession | undefined {
    return this.#byToken.get(token);
  }

  isConnected(clientId: ClientId): boolean {
    return this.#byClient.has(clientId);
  }

  push(clientId: ClientId, message: Push): void {
    this.#byClient.get(clientId)?.connection.send(message);
  }

  end(clientId: ClientId | "all", code: ErrorCode): void {
    const ending = clientId === "all" ? [...this.#byClient.keys()] : [clientId];
    for (const id of ending) this.#end(id, code);
  }

  #end(clientId: ClientId, code: ErrorCode): void {
    const open = this.#byClient.get(clientId);
    if (open === undefined) return;
    this.close(open.session);
    open.connection.end(code);
  }
}
