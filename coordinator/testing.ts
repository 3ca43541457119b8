import { tmpdir } from "node:os";
import pino from "pino";
import { systemClock } from "../core/clock.ts";
import { encodeHeader, updateMessage } from "../core/crypto/envelope.ts";
import { enrollmentMessage } from "../core/crypto/messages.ts";
import { sha256 } from "../core/crypto/sha256.ts";
import { coordinatorSigningKey, newSeed, type SigningKey } from "../core/crypto/sign.ts";
import { isRefusal } from "../core/errors.ts";
import { asFederationId, type JobId, ZERO_DIGEST } from "../core/ids.ts";
import { claimDigest } from "../core/privacy/claim.ts";
import type { TaskStatement } from "../core/statements.ts";
import { bytesOf, payloadDigest } from "../core/tensors/digest.ts";
import { numCoordinates } from "../core/tensors/schema.ts";
import type { UpdateHeader } from "../core/update.ts";
import { wasmKernels } from "../core/vector/kernels/wasm-kernels.ts";
import { inlineEngine } from "./aggregation/engine/inline-engine.ts";
import type { Home } from "./config.ts";
import { type Coordinator, type CoordinatorOptions, openCoordinator } from "./coordinator.ts";
import type { Begun, ClientSession, EnrolledClient, Push } from "./parts.ts";
import { inlineNoise } from "./privacy/mechanisms/noise-source.ts";
import { memoryBlobStore } from "./storage/memory-blob-store.ts";
import { memoryJournal } from "./storage/memory-journal.ts";

/** A whole coordinator in memory with enrolled clients, for tests: the real round code, no network and no disk. */
export interface TestFederation {
  readonly coordinator: Coordinator;
  readonly clients: readonly TestClient[];
  readonly errors: unknown[];
}

export interface TestClient {
  readonly enrolled: EnrolledClient;
  readonly key: SigningKey;
  session: ClientSession;
  /** Everything the coordinator pushed, oldest first. */
  readonly pushed: Push[];
}

export const testHome = (): Home => ({
  folder: "/nowhere",
  federationId: asFederationId("f0".repeat(16)),
  name: "test",
  hosts: [],
  coordinatorKey: coordinatorSigningKey(newSeed()),
  logKey: coordinatorSigningKey(newSeed()),
  adminKey: coordinatorSigningKey(newSeed()),
  noiseMaster: newSeed(),
});

/** Tests start no threads of their own. */
export const inThisThread = { engine: inlineEngine({ kernels: wasmKernels() }), noiseSource: inlineNoise };

export async function testFederation(
  numClients: number,
  options: Partial<CoordinatorOptions> = {},
): Promise<TestFederation> {
  const home = options.home ?? testHome();
  const errors: unknown[] = [];
  const coordinator = await openCoordinator({
    home,
    log: pino({ level: "silent" }),
    journal: memoryJournal({ origin: home.federationId, logKey: home.logKey, clock: systemClock }),
    blobs: memoryBlobStore(tmpdir()),
    ...inThisThread,
    fatal: (error) => errors.push(error),
    ...options,
  });
  const clients: TestClient[] = [];
  for (let i = 0; i < numClients; i++) clients.push(await enrollClient(coordinator, `client-${i}`));
  return { coordinator, clients, errors };
}

async function enrollClient({ parts }: Coordinator, clientName: string): Promise<TestClient> {
  const { token } = await parts.clients.invite(clientName, 60_000);
  const key = coordinatorSigningKey(newSeed());
  const message = enrollmentMessage({
    federationId: parts.federationId,
    tokenSha256: sha256(token),
    clientName,
    publicKey: key.publicKey,
  });
  const request = { token, clientName, publicKey: key.publicKey, proof: key.sign(message) };
  const enrolled = await parts.clients.enroll(request);
  if (isRefusal(enrolled)) throw new Error(enrolled.detail);
  const pushed: Push[] = [];
  const session = parts.sessions.open(enrolled, { send: (message) => pushed.push(message), end: () => undefined });
  if (isRefusal(session)) throw new Error(session.detail);
  return { enrolled, key, session, pushed };
}

/** The newest task this client was pushed; waits for it. */
export async function taskOf(client: TestClient, round: number, attempt = 0): Promise<TaskStatement> {
  for (let waited = 0; waited < 20_000; waited += 5) {
    const tasks = client.pushed.flatMap((it) => (it.type === "task" ? [it.task.statement] : []));
    const found = tasks.find((it) => it.round === round && it.attempt === attempt);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no task for round ${round} came`);
}

export function headerFor(task: TaskStatement, delta: Float32Array, changes: Partial<UpdateHeader> = {}): UpdateHeader {
  return {
    federationId: task.federationId,
    jobId: task.jobId,
    round: task.round,
    attempt: task.attempt,
    clientId: task.clientId,
    keyEpoch: 1,
    serverNonce: task.serverNonce,
    baseModelSha256: task.baseModelSha256,
    planSha256: task.planSha256,
    tensorSchemaSha256: task.tensorSchemaSha256,
    payloadSha256: payloadDigest(delta),
    payloadLength: delta.byteLength,
    codec: 0,
    numExamples: 10n,
    metricsSha256: ZERO_DIGEST,
    secaggSession: ZERO_DIGEST,
    clientSeq: task.round * 100 + task.attempt * 10,
    issuedAtMs: 0,
    dpClaimSha256: ZERO_DIGEST,
    ...changes,
  };
}

/** Sends one update the way the upload call does. `body` may differ from what was signed. */
export async function send(
  { coordinator }: TestFederation,
  client: TestClient,
  header: UpdateHeader,
  body: Uint8Array,
  tamper: (headerBytes: Uint8Array, signature: Uint8Array) => void = () => undefined,
) {
  const headerBytes = encodeHeader(header);
  const signature = client.key.sign(updateMessage(headerBytes));
  tamper(headerBytes, signature);
  const begun: Begun = await coordinator.parts.admission.begin(client.session, headerBytes, signature);
  if (begun.outcome === "refused") return begun.refusal;
  if (begun.outcome === "known") return begun.receipt;
  const refused = await begun.upload.write(begun.upload.offset, body.subarray(begun.upload.offset));
  return refused ?? begun.upload.finish();
}

export const sendDelta = (federation: TestFederation, client: TestClient, task: TaskStatement, delta: Float32Array) =>
  send(federation, client, headerFor(task, delta), bytesOf(delta));

/** All journal events of one job. */
export function eventsOf({ coordinator }: TestFederation, jobId: JobId) {
  const { journal } = coordinator.parts;
  return journal
    .read(0, journal.size)
    .flatMap(({ event }) => ("jobId" in event && event.jobId === jobId ? [event] : []));
}

export async function jobEnded(federation: TestFederation, jobId: JobId): Promise<void> {
  const { journal } = federation.coordinator.parts;
  while (!eventsOf(federation, jobId).some((event) => event.type === "JobEnded")) {
    await journal.grownBeyond(journal.size, AbortSignal.timeout(20_000));
  }
}

/** The value of every coordinate of the client's update, or undefined where it stays silent. */
export type Answer = (client: number, task: TaskStatement) => number | undefined;

/** Answers as the job's plan wants it, until the job has ended; all tasks that came, oldest first. */
export async function answerUntilEnd(
  federation: TestFederation,
  jobId: JobId,
  answer: Answer,
): Promise<readonly TaskStatement[]> {
  const tasks: TaskStatement[] = [];
  while (!eventsOf(federation, jobId).some((event) => event.type === "JobEnded")) {
    for (const i of federation.clients.keys()) tasks.push(...(await answerTasks(federation, i, answer)));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return tasks;
}

/** What the client was pushed since it was last looked at. */
async function answerTasks(federation: TestFederation, i: number, answer: Answer): Promise<TaskStatement[]> {
  const client = federation.clients[i] as TestClient;
  const tasks = client.pushed.splice(0).flatMap((it) => (it.type === "task" ? [it.task.statement] : []));
  for (const task of tasks) {
    const value = answer(i, task);
    if (value === undefined) continue;
    const { plan, tensorSchema } = startOf(federation, task.jobId);
    const delta = new Float32Array(numCoordinates(tensorSchema)).fill(value);
    const numExamples = plan.privacy.mode === "none" ? 10n : 0n;
    const header = headerFor(task, delta, { numExamples, dpClaimSha256: claimDigest(plan) });
    const receipt = await send(federation, client, header, bytesOf(delta));
    if (isRefusal(receipt) && receipt.refused !== "ROUND_NOT_OPEN") throw new Error(receipt.detail);
  }
  return tasks;
}

function startOf(federation: TestFederation, jobId: JobId) {
  const [started] = eventsOf(federation, jobId);
  if (started?.type !== "JobStarted") throw new Error("no such job");
  return started;
}
