import { mkdir, open, readdir, readFile, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { decodeHeader, HEADER_BYTES, updateIdOf } from "../core/crypto/envelope.ts";
import { FederationError, isRefusal, type Refusal, refuse } from "../core/errors.ts";
import { DurableDisk, TEMPORARY } from "../core/files/durable-write.ts";
import type { JobId, UpdateId } from "../core/ids.ts";
import type { SignedUpdate } from "../core/update.ts";
import type { UnsavedUpdate } from "./sign-update.ts";

/**
 * Signed updates on this machine's disk until the coordinator answered for them. A retry, and a restart, resend the
 * very bytes that were signed: signing twice for one attempt would be equivocation.
 */
export interface Outbox {
  /** Higher than any number it gave for that job before, across restarts too: durable before it resolves. */
  nextSequence(jobId: JobId): Promise<number>;
  /** Durable before it resolves, so call it before the first byte leaves. */
  keep(update: UnsavedUpdate): Promise<SignedUpdate>;
  /** What was kept and not answered, oldest first. */
  unanswered(): Promise<SignedUpdate[]>;
  /** A receipt or a final refusal has arrived. */
  answered(updateId: UpdateId): Promise<void>;
}

const SIGNATURE_BYTES = 64;
/** Numbers made durable at once, so that a round costs one write and not two. */
const SEQUENCE_BLOCK = 64;
/** Payloads up to this size are sent from memory. */
const SMALL_BYTES = 1 << 20;
const PAYLOAD_OFFSET = HEADER_BYTES + SIGNATURE_BYTES;

/**
 * The outbox in a folder: `<update id>.update` is header, signature and payload in one file, so that they become
 * durable together; `<job id>.sequence` is the highest number reserved, in decimals: numbers are
 * reserved in blocks, and those that were not given when the process ended never are.
 */
export async function openOutbox(folder: string, log: Logger): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeUnfinished(folder);
  const disk = new DurableDisk();
  const sequences = new Map<JobId, { readonly given: number; readonly reserved: number }>();
  const pathOf = (updateId: UpdateId) => join(folder, `${updateId}.update`);

  return {
    async nextSequence(jobId) {
      const path = join(folder, `${jobId}.sequence`);
      const known = sequences.get(jobId);
      const given = known?.given ?? (await readSequence(path));
      let reserved = known?.reserved ?? given;
      if (given === reserved) {
        reserved += SEQUENCE_BLOCK;
        await disk.write(path, [Buffer.from(`${reserved}\n`)]);
      }
      sequences.set(jobId, { given: given + 1, reserved });
      return given + 1;
    },

    async keep({ payload, ...update }) {
      const path = pathOf(update.updateId);
      await disk.write(path, [update.headerBytes, update.signature, payload]);
      const inMemory = payload.length <= SMALL_BYTES ? { bytes: payload } : {};
      return { ...update, payload: { path, offset: PAYLOAD_OFFSET, sizeBytes: payload.length, ...inMemory } };
    },

    async unanswered() {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".update"));
      const updates = await Promise.all(names.map((name) => readUpdate(join(folder, name))));
      for (const update of updates) if (isRefusal(update)) log.error(update, "an update in the outbox is unreadable");
      return updates
        .filter((update): update is SignedUpdate => !isRefusal(update))
        .sort((a, b) => a.header.issuedAtMs - b.header.issuedAtMs || a.header.clientSeq - b.header.clientSeq);
    },

    answered: (updateId) => unlink(pathOf(updateId)).catch(unlessMissing),
  };
}

/** What a crash left half-written was never sent. */
async function removeUnfinished(folder: string): Promise<void> {
  const unfinished = (await readdir(folder)).filter((name) => name.endsWith(TEMPORARY));
  await Promise.all(unfinished.map((name) => rm(join(folder, name), { force: true })));
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function readSequence(path: string): Promise<number> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "0";
    throw error;
  });
  const sequence = Number(text);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new FederationError("DATA_FILE_INVALID", `${path} does not hold a sequence number`);
}

async function readUpdate(path: string): Promise<SignedUpdate | Refusal> {
  const file = await open(path, "r");
  try {
    const start = Buffer.alloc(PAYLOAD_OFFSET);
    await file.read(start, 0, PAYLOAD_OFFSET, 0);
    const { size } = await file.stat();
    const headerBytes = start.subarray(0, HEADER_BYTES);
    const header = decodeHeader(headerBytes);
    if (isRefusal(header)) return refuse("DATA_FILE_INVALID", `${path}: ${header.detail}`);
    const updateId = updateIdOf(headerBytes);
    const isWhole = size === PAYLOAD_OFFSET + header.payloadLength && path.endsWith(`${updateId}.update`);
    if (!isWhole) return refuse("DATA_FILE_INVALID", `${path} is truncated or renamed`);
    const payload = { path, offset: PAYLOAD_OFFSET, sizeBytes: header.payloadLength };
    return { updateId, header, headerBytes, signature: start.subarray(HEADER_BYTES), payload };
  } finally {
    await file.close();
  }
}
