import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { onTestFinished } from "vitest";
import { grpcTransport } from "../../client/grpc/grpc-transport.ts";
import type { ClientProfile } from "../../client/profile.ts";
import type { Session } from "../../client/transport.ts";
import { Changes } from "../../coordinator/administration/changes.ts";
import { SessionTable } from "../../coordinator/admission/sessions.ts";
import { type AdminClient, adminClient } from "../../coordinator/grpc/admin-client.ts";
import { type RunningServer, startServer } from "../../coordinator/grpc/server.ts";
import type {
  Clients,
  EnrolledClient,
  JobSummary,
  Jobs,
  Limits,
  ModelSummary,
  Parts,
} from "../../coordinator/parts.ts";
import { ChargeBook } from "../../coordinator/privacy/charge-book.ts";
import { privacyReport } from "../../coordinator/privacy/privacy-report.ts";
import type { JobReport } from "../../coordinator/rounds/job-report.ts";
import { memoryBlobStore } from "../../coordinator/storage/memory-blob-store.ts";
import { memoryJournal } from "../../coordinator/storage/memory-journal.ts";
import { openTls, type TlsMaterial } from "../../coordinator/tls.ts";
import { systemClock } from "../../core/clock.ts";
import { encodeHeader, updateIdOf, updateMessage } from "../../core/crypto/envelope.ts";
import { enrollmentMessage } from "../../core/crypto/messages.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { clientSigningKey, coordinatorSigningKey, newSeed, type SigningKey } from "../../core/crypto/sign.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { FederationError, refuse } from "../../core/errors.ts";
import {
  asDigest,
  asFederationId,
  asJobId,
  type ClientId,
  clientIdOf,
  type Digest,
  type JobId,
  toHex,
  ZERO_DIGEST,
} from "../../core/ids.ts";
import { secureRandom } from "../../core/random/secure.ts";
import type { PayloadFile, SignedUpdate, UpdateHeader } from "../../core/update.ts";
import { type FakeAdmission, fakeAdmission } from "./fake-admission.ts";

export const FEDERATION_ID = asFederationId("f0".repeat(16));
export const JOB_ID = asJobId("0b".repeat(16));
export const silentLog = pino({ level: "silent" });

const LIMITS: Limits = {
  maxSessions: 100,
  uploadBytesInFlight: 64 << 20,
  minUploadBytesPerSecond: 1_024,
  slowWindowMs: 5_000,
  handshakeMs: 2_000,
  idleMs: 5_000,
  unauthenticatedCallsPerSecond: 10_000,
  callsPerClientPerSecond: 1_000,
  strangersPerAddress: 100,
  rowBudgetBytes: 0,
};

/** A real server on loopback over parts that keep everything in memory and decide nothing. */
export interface WireFederation {
  readonly parts: Parts;
  readonly server: RunningServer;
  readonly address: string;
  readonly tls: TlsMaterial | undefined;
  readonly adminKey: SigningKey;
  readonly admission: FakeAdmission;
  /** What the handlers told jobs, in order. */
  readonly heard: string[];
  readonly offered: Set<Digest>;
  readonly jobs: JobSummary[];
  readonly models: ModelSummary[];
  readonly reports: Map<JobId, JobReport>;
  enrol(name: string): Enrolment;
  /** As that client, enrolled when it is new. */
  connect(name: string): Promise<Session>;
  admin(key?: SigningKey): AdminClient;
  /** A file of this payload and its signed header. */
  update(name: string, payload: Uint8Array): Promise<SignedUpdate>;
}

export interface Enrolment {
  readonly key: SigningKey;
  readonly profile: ClientProfile;
}

export interface FederationOptions {
  readonly limits?: Partial<Limits>;
  readonly tls?: boolean;
  readonly through?: (port: number) => Promise<string>;
}

export async function wireFederation(options: FederationOptions = {}): Promise<WireFederation> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-wire-"));
  const adminKey = coordinatorSigningKey(newSeed());
  const made = makeParts(folder, adminKey.publicKey, options.limits);
  const { parts, register } = made;
  const tls = options.tls
    ? await openTls(folder, { federationId: FEDERATION_ID, hosts: [], clock: systemClock, random: secureRandom })
    : undefined;
  const server = await startServer({ parts, address: "127.0.0.1:0", tls });
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });
  const address = options.through ? await options.through(server.port) : `127.0.0.1:${server.port}`;
  const target = { address, federationId: FEDERATION_ID, caCertificatePem: tls?.caCertificatePem ?? null };

  const enrolled = new Map<string, Enrolment>();
  const enrol = (name: string): Enrolment => {
    const key = clientSigningKey(newSeed());
    const clientId = clientIdOf(name);
    register.set(clientId, { clientId, name, publicKey: key.publicKey, keyEpoch: 1, ...welcome });
    const coordinatorKey = toHex(parts.keys.coordinator.publicKey);
    const logKey = toHex(parts.keys.log.publicKey);
    const profile = { ...target, coordinatorKey, logKey, clientName: name, clientId, keyEpoch: 1 };
    enrolled.set(name, { key, profile });
    return { key, profile };
  };
  return {
    ...made,
    server,
    address,
    tls,
    adminKey,
    enrol,
    async connect(name) {
      const { key, profile } = enrolled.get(name) ?? enrol(name);
      const transport = grpcTransport({ profile, signer: key, log: silentLog });
      onTestFinished(() => transport.close());
      return transport.connect(AbortSignal.timeout(20_000));
    },
    admin(key = adminKey) {
      const client = adminClient({ ...target, key });
      onTestFinished(() => client.close());
      return client;
    },
    async update(name, payload) {
      const path = join(folder, `${name}.update`);
      await writeFile(path, payload);
      const { key } = enrolled.get(name) as Enrolment;
      return signUpdate(headerOf(name, payload), key, { path, offset: 0, sizeBytes: payload.length });
    },
  };
}

function makeParts(folder: string, adminPublicKey: Uint8Array, limits: Partial<Limits> | undefined) {
  const [coordinator, log] = [coordinatorSigningKey(newSeed()), coordinatorSigningKey(newSeed())];
  const register = new Map<ClientId, EnrolledClient>();
  const heard: string[] = [];
  const offered = new Set<Digest>();
  const jobs: JobSummary[] = [];
  const models: ModelSummary[] = [];
  const reports = new Map<JobId, JobReport>();
  const admission = fakeAdmission(coordinator, FEDERATION_ID);
  const sessions = new SessionTable(secureRandom, 100);
  const journal = memoryJournal({ origin: FEDERATION_ID, logKey: log, clock: systemClock });
  const isEnrolled = (id: ClientId) => register.has(id);
  const founder = adminPublicKey;
  const changes = new Changes({ federationId: FEDERATION_ID, founder, journal, clock: systemClock, isEnrolled });
  const { administrators } = changes;
  const reportParts = {
    federationId: FEDERATION_ID,
    book: new ChargeBook(),
    administrators,
    nameOf: String,
    jobName: String,
  };
  const privacy = () => privacyReport([...register.keys()], reportParts);
  const parts: Parts = {
    federationId: FEDERATION_ID,
    keys: { coordinator, log },
    journal,
    changes,
    blobs: memoryBlobStore(folder),
    clients: fakeClients(register, (id) => sessions.end(id, "CLIENT_REVOKED")),
    sessions,
    jobs: fakeJobs(heard, offered, jobs, models, reports, privacy),
    admission,
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    random: secureRandom,
    log: silentLog,
  };
  return { parts, register, heard, offered, jobs, models, reports, admission };
}

function signUpdate(header: UpdateHeader, key: SigningKey, payload: PayloadFile): SignedUpdate {
  const headerBytes = encodeHeader(header);
  const signature = key.sign(updateMessage(headerBytes));
  return { updateId: updateIdOf(headerBytes), header, headerBytes, signature, payload };
}

function headerOf(name: string, payload: Uint8Array): UpdateHeader {
  return {
    federationId: FEDERATION_ID,
    jobId: JOB_ID,
    round: 1,
    attempt: 0,
    clientId: clientIdOf(name),
    keyEpoch: 1,
    serverNonce: ZERO_DIGEST,
    baseModelSha256: ZERO_DIGEST,
    planSha256: ZERO_DIGEST,
    tensorSchemaSha256: ZERO_DIGEST,
    payloadSha256: sha256(payload),
    payloadLength: payload.length,
    codec: 0,
    numExamples: 1n,
    metricsSha256: ZERO_DIGEST,
    secaggSession: ZERO_DIGEST,
    clientSeq: 1,
    issuedAtMs: 0,
    dpClaimSha256: ZERO_DIGEST,
  };
}

const welcome = { revoked: false, quarantined: false };

function fakeClients(register: Map<ClientId, EnrolledClient>, drop: (id: ClientId) => void): Clients {
  const tokens = new Map<string, string>();
  return {
    find: (id) => register.get(id),
    list: () => [...register.values()],
    verify: (client, message, signature) => verifier(client.publicKey).verify(message, signature),
    async invite(clientName, validForMs) {
      const token = toHex(secureRandom.bytes(16));
      tokens.set(token, clientName);
      return { token, expiresAtMs: Date.now() + validForMs };
    },
    async enroll({ token, clientName, publicKey, proof }) {
      const message = enrollmentMessage({
        federationId: FEDERATION_ID,
        tokenSha256: sha256(token),
        clientName,
        publicKey,
      });
      if (!verifier(publicKey).verify(message, proof)) return refuse("PROOF_INVALID", clientName);
      if (tokens.get(token) !== clientName) return refuse("TOKEN_INVALID", clientName);
      tokens.delete(token);
      const client = { clientId: clientIdOf(clientName), name: clientName, publicKey, keyEpoch: 1, ...welcome };
      register.set(client.clientId, client);
      return client;
    },
    async revoke(clientName) {
      const client = register.get(clientIdOf(clientName));
      if (client === undefined) return refuse("CLIENT_UNKNOWN", clientName);
      register.set(client.clientId, { ...client, revoked: true });
      drop(client.clientId);
      return undefined;
    },
    quarantined(clientId) {
      const client = register.get(clientId);
      if (client !== undefined) register.set(clientId, { ...client, quarantined: true });
    },
    async release(clientName) {
      const client = register.get(clientIdOf(clientName));
      if (!client?.quarantined) return refuse("CLIENT_NOT_QUARANTINED", clientName);
      register.set(client.clientId, { ...client, quarantined: false });
      return undefined;
    },
  };
}

function fakeJobs(
  heard: string[],
  offered: ReadonlySet<Digest>,
  jobs: readonly JobSummary[],
  models: readonly ModelSummary[],
  reports: ReadonlyMap<JobId, JobReport>,
  privacy: Jobs["privacy"],
): Jobs {
  return {
    async start(planYaml) {
      heard.push(`start ${planYaml}`);
      return { jobId: JOB_ID, planSha256: asDigest(sha256(planYaml)) };
    },
    async stop(jobId, reason) {
      heard.push(`stop ${reason}`);
      return jobs.some((job) => job.jobId === jobId) ? undefined : refuse("JOB_UNKNOWN", `there is no job ${jobId}`);
    },
    list: () => jobs,
    models: () => models,
    show(jobId, round) {
      heard.push(`show ${round}`);
      const report = reports.get(jobId);
      if (report === undefined) throw new FederationError("JOB_UNKNOWN", `there is no job ${jobId}`);
      return report;
    },
    clientConnected: ({ clientId }) => void heard.push(`connected ${clientId}`),
    accepted: (_, { round, attempt }) => void heard.push(`accepted ${round}.${attempt}`),
    declined: (_, { round, attempt }, reason) => void heard.push(`declined ${round}.${attempt} ${reason}`),
    progressed: (_, { round }, done, total) => void heard.push(`progressed ${round} ${done}/${total}`),
    mayDownload: (_, digest) => offered.has(digest),
    privacy: (jobId) => privacy(jobId),
  };
}
