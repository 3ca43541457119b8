import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { decodeHeader, HEADER_BYTES, updateIdOf } from "../core/crypto/envelope.ts";
import { FederationError, isRefusal } from "../core/errors.ts";
import { DurableDisk, TEMPORARY } from "../core/files/durable-write.ts";
import { readAll, SLICE_BYTES } from "../core/files/file-bytes.ts";
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
  /** Lets go of its files. What is kept stays. */
  close(): Promise<void>;
}

const SIGNATURE_BYTES = 64;
/** Numbers made durable at once, so that a round costs one write and not two. */
const SEQUENCE_BLOCK = 64;
/** Payloads up to this size are sent from memory. */
const SMALL_BYTES = 1 << 20;
const PAYLOAD_OFFSET = HEADER_BYTES + SIGNATURE_BYTES;

/** A file for one update at a time: to write over it costs the disk less than to make another. */
interface Place {
  readonly path: string;
  /** Open since the place was first written to. */
  file?: FileHandle;
}

interface Kept {
  readonly place: Place;
  readonly update: SignedUpdate;
}

/**
 * The outbox in a folder. `<uuid>.update` is a place: empty, or header, signature and payload of one update, which
 * become durable together. `<job id>.sequence` is the highest number reserved, in decimals: numbers are reserved in
 * blocks, and those that were not given when the process ended never are.
 */
export async function openOutbox(folder: string, log: Logger): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const disk = new DurableDisk();
  const sequences = new Map<JobId, { readonly given: number; readonly reserved: number }>();
  const free: Place[] = [];
  const kept = new Map<UpdateId, Kept>();
  for (const path of await updateFiles(folder)) {
    const found = await readPlace(path, log);
    if (found === "empty") free.push({ path });
    else if (found !== "foreign") kept.set(found.updateId, { place: { path }, update: found });
  }

  async function newPlace(): Promise<Place> {
    const path = join(folder, `${randomUUID()}.update`);
    await disk.write(path, []);
    return { path };
  }

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
      const place = free.pop() ?? (await newPlace());
      try {
        place.file ??= await open(place.path, "r+");
        await disk.overwrite(place.file, [update.headerBytes, update.signature, payload]);
      } catch (error) {
        free.push(place);
        throw error;
      }
      const inMemory = payload.length <= SMALL_BYTES ? { bytes: payload } : {};
      const onDisk = { path: place.path, offset: PAYLOAD_OFFSET, sizeBytes: payload.length };
      const signed = { ...update, payload: { ...onDisk, ...inMemory } };
      kept.set(update.updateId, { place, update: signed });
      return signed;
    },

    async unanswered() {
      const updates = [...kept.values()].map(({ update }) => update);
      return updates.sort(
        (a, b) => a.header.issuedAtMs - b.header.issuedAtMs || a.header.clientSeq - b.header.clientSeq,
      );
    },

    async answered(updateId) {
      const place = kept.get(updateId)?.place;
      if (place === undefined) return;
      kept.delete(updateId);
      await (place.file?.truncate() ?? truncate(place.path));
      free.push(place);
    },

    async close() {
      for (const place of [...free, ...[...kept.values()].map((it) => it.place)]) {
        await place.file?.close();
        delete place.file;
      }
    },
  };
}

async function updateFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  // a new place that a crash cut short was never used
  for (const name of names) if (name.endsWith(TEMPORARY)) await rm(join(folder, name), { force: true });
  return names.filter((name) => name.endsWith(".update")).map((name) => join(folder, name));
}

/** What a crash left half-written was never sent: its place is emptied. What is no update at all is left alone. */
async function readPlace(path: string, log: Logger): Promise<SignedUpdate | "empty" | "foreign"> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    if (size === 0) return "empty";
    const update = size < PAYLOAD_OFFSET ? "unfinished" : await readUpdate(file, path, size);
    if (update === "foreign") log.error({ path }, "a file in the outbox holds no update");
    if (update !== "unfinished") return update;
    log.warn({ path }, "an update in the outbox was not finished and is dropped");
    await file.truncate();
    return "empty";
  } finally {
    await file.close();
  }
}

async function readUpdate(file: FileHandle, path: string, size: number) {
  const start = new Uint8Array(PAYLOAD_OFFSET);
  await readAll(file, start, 0);
  const headerBytes = start.subarray(0, HEADER_BYTES);
  const header = decodeHeader(headerBytes);
  if (isRefusal(header)) return "foreign";
  const isWhole =
    size === PAYLOAD_OFFSET + header.payloadLength && (await digestFrom(file, size)) === header.payloadSha256;
  if (!isWhole) return "unfinished";
  const payload = { path, offset: PAYLOAD_OFFSET, sizeBytes: header.payloadLength };
  return { updateId: updateIdOf(headerBytes), header, headerBytes, signature: start.subarray(HEADER_BYTES), payload };
}

async function digestFrom(file: FileHandle, size: number): Promise<string> {
  const hash = createHash("sha256");
  const slice = new Uint8Array(SLICE_BYTES);
  for (let position = PAYLOAD_OFFSET; position < size; position += SLICE_BYTES) {
    const part = slice.subarray(0, Math.min(SLICE_BYTES, size - position));
    await readAll(file, part, position);
    hash.update(part);
  }
  return hash.digest("hex");
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
