import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { FederationError } from "../../core/errors.ts";
import { type DurableDisk, storageError } from "../../core/files/durable-write.ts";
import { readAll, SLICE_BYTES, writeAll } from "../../core/files/file-bytes.ts";
import type { Digest } from "../../core/ids.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { Spool } from "./blob-store.ts";

export interface SpoolSettings {
  readonly disk: DurableDisk;
  readonly path: string;
  /** The bytes before the payload, so that a finished spool is the blob's file already. */
  readonly header: Uint8Array;
  readonly sizeBytes: number;
  /** Moves the complete file to its durable place and closes it. */
  readonly publish: (file: FileHandle, digest: Digest) => Promise<void>;
  /** Called once the file is closed, however the upload ended. */
  readonly closed: () => void;
}

/** After so many bytes the disk is told to begin, so that at the end of a large upload only the last are waited for. */
const SYNC_AHEAD_BYTES = 16 * 1024 * 1024;

/** Opens the spool file at `path`, or goes on with the one that is there. @throws DISK_FULL, STORAGE_FAILED */
export async function openFileSpool(settings: SpoolSettings): Promise<FileSpool> {
  const { disk, path } = settings;
  let file: FileHandle | undefined;
  try {
    disk.assertSound();
    file = await disk.files.open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const hash = createHash("sha256");
    const offset = await resume(file, hash, settings);
    return new FileSpool(settings, file, hash, offset);
  } catch (cause) {
    await file?.close();
    const error = storageError(cause, `cannot open the spool ${path}`);
    if (error.code === "DISK_FULL") await disk.remove(path);
    throw error;
  }
}

/** What is there is hashed from its first byte: the state of a hash does not outlive its process. */
async function resume(file: FileHandle, hash: Hash, { header, sizeBytes }: SpoolSettings): Promise<number> {
  const { size } = await file.stat();
  const found = new Uint8Array(header.length);
  const mayGoOn = size >= header.length && size <= header.length + sizeBytes;
  if (mayGoOn) await readAll(file, found, 0);
  if (!mayGoOn || Buffer.compare(found, header) !== 0) {
    await file.truncate(0);
    await writeAll(file, header, 0);
    return 0;
  }
  const slice = new Uint8Array(SLICE_BYTES);
  for (let position = header.length; position < size; position += SLICE_BYTES) {
    const part = slice.subarray(0, Math.min(SLICE_BYTES, size - position));
    await readAll(file, part, position);
    hash.update(part);
  }
  return size - header.length;
}

/** One upload's file. Whoever ends it first (adopt, suspend or discard) ends it for all; later calls find it closed. */
export class FileSpool implements Spool {
  readonly #settings: SpoolSettings;
  readonly #file: FileHandle;
  #hash: Hash;
  #offset: number;
  #ended = false;
  /** The operation in progress: closing waits for it. */
  #current: Promise<unknown> = Promise.resolve();
  /** The disk at work on what was written before `#syncedTo`; it never rejects. */
  #syncing: Promise<void> | undefined;
  #syncedTo: number;
  /** Why the disk could not keep it: what came is lost, even when a later fsync succeeds. */
  #failure: unknown;

  constructor(settings: SpoolSettings, file: FileHandle, hash: Hash, offset: number) {
    this.#settings = settings;
    this.#file = file;
    this.#hash = hash;
    this.#offset = offset;
    this.#syncedTo = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { header, sizeBytes } = this.#settings;
    if (this.#ended) throw new FederationError("CHUNK_INVALID", "the upload has ended or a newer stream continues it");
    if (this.#offset + chunk.length > sizeBytes) {
      throw new FederationError("CHUNK_INVALID", `${this.#offset + chunk.length} bytes for a payload of ${sizeBytes}`);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const writing = this.#run(writeAll(this.#file, chunk, header.length + this.#offset));
    const hashedBefore = this.#hash.copy();
    this.#hash.update(chunk);
    try {
      await writing;
    } catch (error) {
      // the digest stays that of the bytes before the offset
      this.#hash = hashedBefore;
      throw error;
    }
    this.#offset += chunk.length;
    this.#syncAhead();
  }

  digest(): Digest {
    return this.#hash.copy().digest("hex") as Digest;
  }

  file(): PayloadFile {
    const { path, header } = this.#settings;
    return { path, offset: header.length, sizeBytes: this.#offset };
  }

  async adopt(): Promise<Digest> {
    const { sizeBytes, closed } = this.#settings;
    if (this.#ended) throw new FederationError("CHUNK_INVALID", "the upload has ended or a newer stream continues it");
    if (this.#offset !== sizeBytes) {
      throw new FederationError("PAYLOAD_LENGTH_MISMATCH", `${this.#offset} of ${sizeBytes} bytes have come`);
    }
    this.#ended = true;
    const digest = this.digest();
    try {
      await this.#run(this.#publish(digest));
    } finally {
      closed();
    }
    return digest;
  }

  /** Keeps the file, unless what is in it is lost. */
  async suspend(): Promise<void> {
    const { disk, path } = this.#settings;
    if ((await this.#close()) && this.#failure !== undefined) await disk.remove(path);
  }

  async discard(): Promise<void> {
    const { disk, path } = this.#settings;
    if (await this.#close()) await disk.remove(path);
  }

  async #publish(digest: Digest): Promise<void> {
    const { disk, path, publish } = this.#settings;
    await this.#syncing;
    if (this.#failure === undefined) return await publish(this.#file, digest);
    await this.#file.close();
    await disk.remove(path);
    throw this.#failure;
  }

  #syncAhead(): void {
    if (this.#syncing !== undefined || this.#offset - this.#syncedTo < SYNC_AHEAD_BYTES) return;
    this.#syncedTo = this.#offset;
    this.#syncing = this.#settings.disk
      .syncAhead(this.#file)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  /** Whether this call was the one that closed it. */
  async #close(): Promise<boolean> {
    const isFirst = !this.#ended;
    this.#ended = true;
    await this.#current.catch(() => undefined);
    await this.#syncing;
    if (isFirst) {
      await this.#file.close();
      this.#settings.closed();
    }
    return isFirst;
  }

  async #run(operation: Promise<void>): Promise<void> {
    this.#current = operation;
    try {
      await operation;
    } catch (cause) {
      throw storageError(cause, `cannot write the spool ${this.#settings.path}`);
    }
  }
}
