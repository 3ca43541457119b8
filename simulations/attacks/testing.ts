import type { Session, Trainer, TrainingTask, Transport } from "../../client/index.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { clientSigningKey } from "../../core/crypto/sign.ts";
import type { Refusal } from "../../core/errors.ts";
import { floatsOf } from "../../core/tensors/digest.ts";
import type { SignedUpdate } from "../../core/update.ts";
import type { Attack, Insider } from "./attack.ts";
import { meanOf } from "./moments.ts";

/** What attacks read of a task: three coordinates, two steps of four examples. */
export function taskOf(changes: Partial<TrainingTask> = {}, plan: object = {}): TrainingTask {
  const task: Partial<TrainingTask> = {
    round: 1,
    attempt: 0,
    schema: [
      { name: "w", shape: [1, 2] },
      { name: "b", shape: [1] },
    ],
    baseModel: new Float32Array(3),
    batchSeed: new Uint8Array(32),
    signal: new AbortController().signal,
    ...changes,
  };
  const settings = {
    privacy: { mode: "none" },
    local: { steps: 2, batchSize: 4, learningRate: 0.5, momentum: 0 },
    aggregation: { preAggregators: [], rule: { name: "TrimmedMean" }, numByzantine: 1, maxNorm: 1e6 },
    serverOptimizer: { name: "FedAvg", learningRate: 1 },
    ...plan,
  };
  return { jobId: "0a".repeat(16), ...task, plan: settings } as unknown as TrainingTask;
}

export function trainerOf(delta: readonly number[]): Trainer & { readonly closed: () => boolean } {
  let closed = false;
  return {
    description: "honest",
    train: async () => ({ delta: Float32Array.from(delta), numExamples: 7, metrics: { loss: 0.5 } }),
    close: async () => {
      closed = true;
    },
    closed: () => closed,
  };
}

/** One attacker of two, among clients whose mean is the pipeline's. */
export function insider(changes: Partial<Insider> = {}): Insider {
  return {
    place: 0,
    signer: clientSigningKey(new Uint8Array(32).fill(9)),
    places: () => [0, 1],
    exchange: async (_, delta) => [delta, delta],
    honest: async () => rowsOf([1, 0, 2], [3, 0, 4]),
    honestNames: () => ["a", "b", "c", "d"],
    aggregate: async (_, deltas) => Float32Array.from(meanOf(deltas)),
    ...changes,
  };
}

export const rowsOf = (...rows: readonly (readonly number[])[]) => rows.map((row) => Float32Array.from(row));

/** What an attacker sends in place of its honest (9, 9, 9). */
export async function sentBy(
  attack: Attack,
  known = insider(),
  task = taskOf(),
  honest: Trainer = trainerOf([9, 9, 9]),
) {
  const update = await attack.trainer?.(honest, known).train(task);
  return [...(update?.delta ?? [])];
}

/** A transport that notes what it is given to submit, and answers in turn. */
export function notingTransport(answer: () => Refusal): Transport & { readonly sent: SignedUpdate[] } {
  const sent: SignedUpdate[] = [];
  const submit: Session["submit"] = async (update) => {
    sent.push(update);
    return answer();
  };
  return { sent, connect: async () => ({ submit }) as unknown as Session, close: () => undefined };
}

export const payloadOf = ({ payload }: SignedUpdate) => [...floatsOf(payload.bytes ?? new Uint8Array())];

/** An update in memory, of round `round`. */
export function updateOf(round: number, bytes: Uint8Array): SignedUpdate {
  const header = { ...HEADER, round, payloadSha256: sha256(bytes), payloadLength: bytes.length, clientSeq: round };
  const payload = { bytes, path: "", offset: 0, sizeBytes: bytes.length };
  return { updateId: `update ${round}`, header, payload } as unknown as SignedUpdate;
}

const ZERO = "0".repeat(64);
const HEADER = {
  federationId: "f0".repeat(16),
  jobId: "0a".repeat(16),
  attempt: 0,
  clientId: "c0".repeat(16),
  keyEpoch: 1,
  serverNonce: ZERO,
  baseModelSha256: ZERO,
  planSha256: ZERO,
  tensorSchemaSha256: ZERO,
  codec: 0,
  numExamples: 1n,
  metricsSha256: ZERO,
  secaggSession: ZERO,
  issuedAtMs: 0,
  dpClaimSha256: ZERO,
};
