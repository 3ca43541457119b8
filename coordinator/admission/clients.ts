import type { Clock } from "../../core/clock.ts";
import { enrollmentMessage } from "../../core/crypto/messages.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { isAcceptablePublicKey, type Verifier, verifier } from "../../core/crypto/verify.ts";
import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import { type ClientId, clientIdOf, type Digest, type FederationId, fromHex, toHex } from "../../core/ids.ts";
import type { Random } from "../../core/random/random.ts";
import type { Clients, EnrolledClient } from "../parts.ts";
import type { Event, EventOf } from "../rounds/events.ts";
import type { Journal } from "../storage/journal.ts";

interface ClientsParts {
  readonly federationId: FederationId;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the sessions of a revoked client. */
  dropSessions(clientId: ClientId): void;
  /** Tells the jobs that a client has been released from quarantine. */
  released(event: EventOf<"ClientReleased">): void;
}

interface Invitation {
  readonly clientName: string;
  readonly expiresAtMs: number;
  /** Once the token is used; resolves when the enrolment is durable. */
  enrolled: Promise<unknown> | undefined;
}

type Enrollment = Parameters<Clients["enroll"]>[0];

const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TOKEN_BYTES = 32;
const LONGEST_INVITATION_MS = 365 * 86_400_000;

/** Who may take part. The journal is the register: `replay` rebuilds it event by event. */
export class ClientRegister implements Clients {
  readonly #parts: ClientsParts;
  readonly #clients = new Map<ClientId, EnrolledClient>();
  readonly #verifiers = new Map<ClientId, Verifier>();
  readonly #invitations = new Map<Digest, Invitation>();

  constructor(parts: ClientsParts) {
    this.#parts = parts;
  }

  replay(event: Event): void {
    if (event.type === "InvitationIssued") {
      const { tokenSha256, clientName, expiresAtMs } = event;
      this.#invitations.set(tokenSha256, { clientName, expiresAtMs, enrolled: undefined });
    } else if (event.type === "ClientEnrolled") this.#replayEnrollment(event);
    else if (event.type === "ClientRevoked") this.#mark(event.clientId, { revoked: true });
    else if (event.type === "ClientQuarantined") this.quarantined(event.clientId);
    else if (event.type === "ClientReleased") this.#mark(event.clientId, { quarantined: false });
  }

  find(clientId: ClientId): EnrolledClient | undefined {
    return this.#clients.get(clientId);
  }

  list(): readonly EnrolledClient[] {
    return [...this.#clients.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  verify(client: EnrolledClient, message: Uint8Array, signature: Uint8Array): boolean {
    return this.#verifiers.get(client.clientId)?.verify(message, signature) ?? false;
  }

  async invite(clientName: string, validForMs: number): Promise<{ token: string; expiresAtMs: number }> {
    if (!CLIENT_NAME.test(clientName))
      throw new FederationError("CONFIG_INVALID", `client name ${JSON.stringify(clientName)}`);
    if (this.#clients.has(clientIdOf(clientName))) throw new FederationError("CLIENT_NAME_TAKEN", clientName);
    const { random, clock, journal } = this.#parts;
    const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString("base64url");
    const atMs = clock.nowMs();
    const expiresAtMs = atMs + Math.min(validForMs, LONGEST_INVITATION_MS);
    const event = { type: "InvitationIssued", tokenSha256: sha256(token), clientName, expiresAtMs, atMs } as const;
    this.replay(event);
    await journal.append([{ event }]);
    return { token, expiresAtMs };
  }

  async enroll(request: Enrollment): Promise<EnrolledClient | Refusal> {
    const { token, clientName, publicKey } = request;
    const invitation = this.#invitations.get(sha256(token));
    if (invitation === undefined || invitation.clientName !== clientName) return tokenInvalid(clientName);
    if (invitation.enrolled !== undefined) return await this.#enrollAgain(request, invitation.enrolled);
    if (invitation.expiresAtMs < this.#parts.clock.nowMs()) return refuse("TOKEN_INVALID", `expired: ${clientName}`);
    const refusal = this.#checkProof(request);
    if (refusal !== undefined) return refusal;
    const clientId = clientIdOf(clientName);
    if (this.#clients.has(clientId)) return refuse("CLIENT_NAME_TAKEN", clientName);
    const event = {
      type: "ClientEnrolled",
      clientId,
      clientName,
      publicKey: toHex(publicKey),
      keyEpoch: 1,
      tokenSha256: sha256(token),
      atMs: this.#parts.clock.nowMs(),
    } as const;
    this.replay(event);
    invitation.enrolled = this.#parts.journal.append([{ event }]);
    await invitation.enrolled;
    return this.#clients.get(clientId) ?? refuse("INTERNAL", "the enrolled client is not registered");
  }

  async revoke(clientName: string, reason: string): Promise<Refusal | undefined> {
    const clientId = clientIdOf(clientName);
    if (!this.#clients.has(clientId)) return refuse("CLIENT_UNKNOWN", clientName);
    this.#mark(clientId, { revoked: true });
    this.#parts.dropSessions(clientId);
    const { journal, clock } = this.#parts;
    await journal.append([{ event: { type: "ClientRevoked", clientId, reason, atMs: clock.nowMs() } }]);
    return undefined;
  }

  quarantined(clientId: ClientId): void {
    this.#mark(clientId, { quarantined: true });
  }

  async release(clientName: string, releasedBy: Uint8Array, reason: string): Promise<Refusal | undefined> {
    const clientId = clientIdOf(clientName);
    const client = this.#clients.get(clientId);
    if (client === undefined) return refuse("CLIENT_UNKNOWN", clientName);
    if (!client.quarantined) return refuse("CLIENT_NOT_QUARANTINED", clientName);
    const { journal, clock, released } = this.#parts;
    const event = {
      type: "ClientReleased",
      clientId,
      releasedBy: toHex(releasedBy),
      reason,
      atMs: clock.nowMs(),
    } as const;
    this.replay(event);
    const appended = journal.append([{ event }]);
    released(event);
    await appended;
    return undefined;
  }

  /** The answer to an enrolment may be lost: whoever holds the enrolled key gets it again, and nobody else does. */
  async #enrollAgain(request: Enrollment, enrolled: Promise<unknown>): Promise<EnrolledClient | Refusal> {
    const client = this.#clients.get(clientIdOf(request.clientName));
    const isSame =
      client !== undefined &&
      !client.revoked &&
      Buffer.compare(client.publicKey, request.publicKey) === 0 &&
      this.#checkProof(request) === undefined;
    if (!isSame) return tokenInvalid(request.clientName);
    await enrolled;
    return client;
  }

  /** The token is spent only by an enrolment that succeeds; a wrong proof does not burn a hospital's invitation. */
  #checkProof({ token, clientName, publicKey, proof }: Enrollment): Refusal | undefined {
    if (!isAcceptablePublicKey(publicKey)) return refuse("PUBLIC_KEY_WEAK", clientName);
    const { federationId } = this.#parts;
    const message = enrollmentMessage({ federationId, tokenSha256: sha256(token), clientName, publicKey });
    return verifier(publicKey).verify(message, proof) ? undefined : refuse("PROOF_INVALID", clientName);
  }

  #replayEnrollment({ clientId, clientName, publicKey, keyEpoch, tokenSha256 }: EventOf<"ClientEnrolled">): void {
    const key = fromHex(publicKey);
    this.#clients.set(clientId, {
      clientId,
      name: clientName,
      publicKey: key,
      keyEpoch,
      revoked: false,
      quarantined: false,
    });
    this.#verifiers.set(clientId, verifier(key));
    const invitation = this.#invitations.get(tokenSha256);
    if (invitation !== undefined) invitation.enrolled = Promise.resolve();
  }

  #mark(clientId: ClientId, change: Partial<EnrolledClient>): void {
    const client = this.#clients.get(clientId);
    if (client !== undefined) this.#clients.set(clientId, { ...client, ...change });
  }
}

const tokenInvalid = (clientName: string) =>
  refuse("TOKEN_INVALID", `token for ${JSON.stringify(clientName)} is unknown, used or for another name`);
