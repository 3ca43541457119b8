import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import pino from "pino";
import { onTestFinished } from "vitest";
import { canonicalBytes } from "../core/crypto/canonical-json.ts";
import type { PublicLeaf } from "../core/crypto/public-leaf.ts";
import { sha256 } from "../core/crypto/sha256.ts";
import { clientSigningKey, coordinatorSigningKey } from "../core/crypto/sign.ts";
import { signHead, signReceipt, signTask } from "../core/crypto/statements.ts";
import { FederationError, type Refusal, refuse } from "../core/errors.ts";
import { asFederationId, asJobId, clientIdOf, type Digest, toHex, type UpdateId, ZERO_DIGEST } from "../core/ids.ts";
import { builtinSchema } from "../core/model/builtin.ts";
import { type BuiltinModel, type Plan, planSchema } from "../core/plan.ts";
import { seededRandom } from "../core/random/seeded.ts";
import type { SignedHead, SignedReceipt, TaskStatement } from "../core/statements.ts";
import { bytesOf, floatsOf, schemaDigest } from "../core/tensors/digest.ts";
import type { LocalUpdate, SignedUpdate, UpdateHeader } from "../core/update.ts";
import { clientHome } from "./config.ts";
import { openHeads } from "./heads.ts";
import { openOutbox } from "./outbox.ts";
import type { ParticipantParts } from "./participant.ts";
import { OPEN_POLICY } from "./policy.ts";
import { memoryLedger } from "./privacy/privacy-ledger.ts";
import { receiptsIn } from "./receipts.ts";
import type { Trainer, TrainingTask } from "./training/trainer.ts";
import type { ControlMessage, Session, TaskKey, Transport } from "./transport.ts";
import type { Wait } from "./wait.ts";

/** A coordinator without a wire, for tests: it signs for real, and breaks where it is told to. */

const seedOf = (byte: number) => new Uint8Array(32).fill(byte);
const coordinatorKey = coordinatorSigningKey(seedOf(1));
const logKey = coordinatorSigningKey(seedOf(2));

export const FEDERATION = asFederationId("f0".repeat(16));
export const JOB = asJobId("0a".repeat(16));
export const SIGNER = clientSigningKey(seedOf(3));
export const SILENT = pino({ level: "silent" });

export const PROFILE: ParticipantParts["profile"] = {
  address: "127.0.0.1:8470",
  federationId: FEDERATION,
  caCertificatePem: null,
  coordinatorKey: toHex(coordinatorKey.publicKey),
  logKey: toHex(logKey.publicKey),
  clientName: "st-marys",
  clientId: clientIdOf("st-marys"),
  keyEpoch: 1,
};

const MODEL: BuiltinModel = { builtin: "softmax", inputs: 2, classes: 2, bias: true };
export const SCHEMA = builtinSchema(MODEL);
export const BASE_MODEL = Float32Array.of(1, 2, 3, 4, 5, 6);

export function planWith(changes: Record<string, unknown> = {}): Plan {
  return planSchema.parse({
    job: "mnist-demo",
    model: MODEL,
    rounds: 20,
    round: { quorum: 7, minUpdates: 7 },
    aggregation: { rule: { name: "TrimmedMean" }, numByzantine: 3 },
    ...changes,
  });
}

export const CENTRAL = { mode: "central", clipNorm: 0.5, noiseMultiplier: 1, delta: 1e-5, maxEpsilon: 8 };

/** One update at epsilon 1 costs noise of 3.73 times its sensitivity. */
export const LOCAL = { mode: "local", clipNorm: 0.5, epsilon: 1, delta: 1e-5, maxEpsilon: 8 };
export const EXAMPLE = {
  mode: "example",
  clipNorm: 0.5,
  noiseMultiplier: 1,
  sampleRate: 0.1,
  delta: 1e-5,
  maxEpsilon: 8,
};

export function logHead(size: number, root: Digest = ZERO_DIGEST): SignedHead {
  return signHead({ origin: FEDERATION, size, root, timeMs: 0 }, logKey);
}

export function receiptFor(updateId: UpdateId, changes: Partial<SignedReceipt["statement"]> = {}): SignedReceipt {
  const head = logHead(1);
  const admitted = { updateId, decision: "admitted", code: null, logIndex: 0, head, receivedAtMs: 0 } as const;
  return signReceipt({ ...admitted, ...changes }, coordinatorKey);
}

/** Bytes that left the client, read at that moment. */
export interface Arrival {
  readonly header: UpdateHeader;
  readonly headerHex: string;
  readonly signatureHex: string;
  readonly payload: Float32Array;
}

type Answer = (updateId: UpdateId) => SignedReceipt | Refusal;

export class FakeCoordinator {
  readonly blobs = new Map<Digest, Uint8Array>();
  /** What clients said, in order: "accept 0/0", "decline 0/0 REASON", "fetch ...", "submit ...", "receiptOf ...". */
  readonly heard: string[] = [];
  readonly arrivals: Arrival[] = [];
  /** Of its log, as it hands them out. */
  leaves: readonly PublicLeaf[] = [];
  /** What each coming connect, submit and receiptOf gives; once used up, the last is repeated. */
  connects: (Error | undefined)[] = [undefined];
  /** The log's head that each coming session opens with. */
  heads: (SignedHead | undefined)[] = [logHead(1)];
  submits: Answer[] = [(updateId) => receiptFor(updateId)];
  receipts: Answer[] = [() => refuse("RECEIPT_UNKNOWN", "never heard of it")];
  #session: PushedMessages | undefined;

  /** The task of an attempt, as a client would be pushed it. */
  task(changes: Partial<TaskStatement> = {}, plan: Plan = planWith()): ControlMessage & { type: "task" } {
    const baseModel = bytesOf(BASE_MODEL);
    const planBytes = canonicalBytes(plan);
    for (const blob of [baseModel, planBytes]) this.blobs.set(sha256(blob), blob);
    const { round = 1, attempt = 1 } = changes;
    const statement: TaskStatement = {
      federationId: FEDERATION,
      clientId: PROFILE.clientId,
      jobId: JOB,
      round,
      attempt,
      serverNonce: sha256(`${round}/${attempt}`),
      baseModelSha256: sha256(baseModel),
      planSha256: sha256(planBytes),
      tensorSchemaSha256: schemaDigest(SCHEMA),
      cohortSize: 10,
      deadlineMs: 60_000,
      epsilonBefore: null,
      epsilonAfter: plan.privacy.mode === "central" ? 2 : null,
      ...changes,
    };
    return { type: "task", task: signTask(statement, coordinatorKey) };
  }

  push(message: ControlMessage): void {
    if (this.#session === undefined) throw new Error("nobody is connected");
    this.#session.push(message);
  }

  get isConnected(): boolean {
    return this.#session !== undefined;
  }

  /** Ends the session: in good order, or with an error. */
  hangUp(error?: Error): void {
    this.#session?.end(error);
    this.#session = undefined;
  }

  transport(): Transport {
    return {
      connect: async () => {
        this.heard.push("connect");
        const failure = nextOf(this.connects);
        if (failure !== undefined) throw failure;
        this.#session = new PushedMessages();
        return this.#sessionOver(this.#session);
      },
      close: () => undefined,
    };
  }

  #sessionOver(messages: PushedMessages): Session {
    const note = (what: string, { round, attempt }: TaskKey, more = "") =>
      void this.heard.push(`${what} ${round}/${attempt}${more}`);
    return {
      head: nextOf(this.heads),
      messages,
      accept: (task) => note("accept", task),
      decline: (task, reason) => note("decline", task, ` ${reason}`),
      progress: (task) => note("progress", task),
      fetch: async (digest) => {
        const blob = this.blobs.get(digest);
        if (blob === undefined) throw new FederationError("BLOB_UNKNOWN", digest);
        return blob;
      },
      submit: async (update) => {
        this.arrivals.push(await arrivalOf(update));
        note("submit", update.header);
        return nextOf(this.submits)(update.updateId);
      },
      receiptOf: async (updateId) => {
        this.heard.push("receiptOf");
        return nextOf(this.receipts)(updateId);
      },
      readLog: async (size, take) => this.leaves.slice(0, size).forEach(take),
      close: () => messages.end(),
    };
  }
}

async function arrivalOf(update: SignedUpdate): Promise<Arrival> {
  const { path, offset, sizeBytes } = update.payload;
  const file = await readFile(path);
  return {
    header: update.header,
    headerHex: toHex(update.headerBytes),
    signatureHex: toHex(update.signature),
    payload: floatsOf(file.subarray(offset, offset + sizeBytes)),
  };
}

function nextOf<T>(script: T[]): T {
  return (script.length > 1 ? script.shift() : script[0]) as T;
}

class PushedMessages implements AsyncIterable<ControlMessage> {
  readonly #unread: ControlMessage[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake = () => {};

  push(message: ControlMessage): void {
    this.#unread.push(message);
    this.#wake();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure ??= failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ControlMessage> {
    for (;;) {
      const message = this.#unread.shift();
      if (message !== undefined) yield message;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}

/** A trainer that gives the same delta every time, and remembers its tasks. */
export function fakeTrainer(
  train: (task: TrainingTask) => Promise<LocalUpdate> = async () => ({
    delta: Float32Array.of(3, 0, 0, 4, 0, 0),
    numExamples: 600,
    metrics: { loss: 0.5 },
  }),
): Trainer & { readonly tasks: TrainingTask[] } {
  const tasks: TrainingTask[] = [];
  return {
    description: "a fake",
    tasks,
    train: (task) => {
      tasks.push(task);
      return train(task);
    },
    close: async () => undefined,
  };
}

/** Waits for a reconnect pass at once and are noted; a task's deadline (60 s) never comes. */
export function fakeWait(): Wait & { readonly waitedMs: number[] } {
  const waitedMs: number[] = [];
  const wait: Wait = async (milliseconds, signal) => {
    if (milliseconds >= 60_000) return await aborted(signal);
    waitedMs.push(milliseconds);
    await nextTurn();
    signal.throwIfAborted();
  };
  return Object.assign(wait, { waitedMs });
}

/** Rejects when the signal aborts, and never resolves. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-client-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export async function fakeParts(
  coordinator: FakeCoordinator,
  changes: Partial<ParticipantParts> = {},
): Promise<ParticipantParts> {
  const clock = changes.clock ?? { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 };
  const home = clientHome(await temporaryFolder());
  return {
    profile: PROFILE,
    signer: SIGNER,
    transport: coordinator.transport(),
    trainer: fakeTrainer(),
    policy: OPEN_POLICY,
    ledger: memoryLedger(),
    outbox: changes.outbox ?? (await openOutbox(home.outbox, SILENT)),
    heads: changes.heads ?? (await openHeads({ path: home.head, profile: PROFILE, clock })),
    receipts: receiptsIn(home, clock),
    clock,
    random: seededRandom(seedOf(4)),
    wait: fakeWait(),
    log: SILENT,
    ...changes,
  };
}
