import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../core/crypto/sha256.ts";
import { FederationError } from "../../core/errors.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesOf, schemaDigest } from "../../core/tensors/digest.ts";
import { numCoordinates, type TensorSchema } from "../../core/tensors/schema.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { BlobStore, Spool } from "./blob-store.ts";

/**
 * Blobs that end with their process: for the lab and for tests. A payload somebody wants as a file is written to
 * `scratchFolder`, which is the caller's to remove. What was put twice is there until it was deleted twice.
 */
export function memoryBlobStore(scratchFolder: string): BlobStore {
  return new MemoryBlobStore(scratchFolder);
}

class MemoryBlobStore implements BlobStore {
  readonly #scratchFolder: string;
  readonly #payloads = new Map<Digest, Uint8Array>();
  /** How many times each is kept: rounds in which the same bytes come again do not know of one another. */
  readonly #times = new Map<Digest, number>();
  readonly #spools = new Map<string, MemorySpool>();

  constructor(scratchFolder: string) {
    this.#scratchFolder = scratchFolder;
  }

  async putTensors(schema: TensorSchema, values: Float32Array): Promise<Digest> {
    if (values.length !== numCoordinates(schema)) {
      throw new FederationError("SCHEMA_MISMATCH", `${values.length} values for a schema of ${numCoordinates(schema)}`);
    }
    return this.putBytes(bytesOf(values));
  }

  async putBytes(bytes: Uint8Array): Promise<Digest> {
    return this.#keep(sha256(bytes), new Uint8Array(bytes));
  }

  async openSpool(key: string, schema: TensorSchema, sizeBytes: number): Promise<Spool> {
    const form = `${schemaDigest(schema)} ${sizeBytes}`;
    const older = this.#spools.get(key);
    await older?.suspend();
    const spool = new MemorySpool(sizeBytes, older?.form === form ? older : undefined, {
      form,
      path: () => join(this.#scratchFolder, sha256(key)),
      keep: (digest, payload) => this.#keep(digest, payload),
      drop: () => this.#spools.delete(key),
    });
    this.#spools.set(key, spool);
    return spool;
  }

  async discardSpool(key: string): Promise<void> {
    await this.#spools.get(key)?.suspend();
    this.#spools.delete(key);
  }

  /** Nothing to do: what is sweeped for is what outlives processes and clients, and this store does not. */
  async sweepSpools(): Promise<void> {}

  async has(digest: Digest): Promise<boolean> {
    return this.#payloads.has(digest);
  }

  async locate(digest: Digest): Promise<PayloadFile> {
    return asFile(join(this.#scratchFolder, digest), this.#payload(digest));
  }

  async read(digest: Digest): Promise<Uint8Array> {
    return this.#payload(digest);
  }

  async list(): Promise<Digest[]> {
    return [...this.#payloads.keys()];
  }

  /** Nothing here is older than this process. */
  async delete(digest: Digest, writtenBeforeMs?: number): Promise<void> {
    if (writtenBeforeMs !== undefined) return;
    const left = (this.#times.get(digest) ?? 0) - 1;
    if (left > 0) {
      this.#times.set(digest, left);
    } else {
      this.#times.delete(digest);
      this.#payloads.delete(digest);
    }
  }

  #keep(digest: Digest, payload: Uint8Array): Digest {
    this.#payloads.set(digest, payload);
    this.#times.set(digest, 1 + (this.#times.get(digest) ?? 0));
    return digest;
  }

  #payload(digest: Digest): Uint8Array {
    const payload = this.#payloads.get(digest);
    if (payload === undefined) throw new FederationError("BLOB_UNKNOWN", `no blob ${digest}`);
    return payload;
  }
}

interface MemorySpoolSettings {
  /** Only an upload of the same form goes on where an older one ended. */
  readonly form: string;
  readonly path: () => string;
  readonly keep: (digest: Digest, payload: Uint8Array) => Digest;
  readonly drop: () => void;
}

class MemorySpool implements Spool {
  readonly #settings: MemorySpoolSettings;
  readonly #sizeBytes: number;
  /** What has come is its beginning. */
  #payload: Uint8Array;
  #offset: number;
  /** Of what has come. */
  #digest: Digest | undefined;
  #ended = false;

  constructor(sizeBytes: number, older: MemorySpool | undefined, settings: MemorySpoolSettings) {
    this.#settings = settings;
    this.#sizeBytes = sizeBytes;
    this.#payload = older === undefined ? new Uint8Array() : older.#payload;
    this.#offset = older?.offset ?? 0;
  }

  get form(): string {
    return this.#settings.form;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#ended || this.#offset + chunk.length > this.#sizeBytes) {
      throw new FederationError("CHUNK_INVALID", "the chunk does not fit the upload, or it has ended");
    }
    if (chunk.length === this.#sizeBytes) this.#payload = new Uint8Array(chunk);
    else this.#append(chunk);
    this.#offset += chunk.length;
    this.#digest = undefined;
  }

  #append(chunk: Uint8Array): void {
    if (this.#offset === 0) this.#payload = new Uint8Array(this.#sizeBytes);
    this.#payload.set(chunk, this.#offset);
  }

  digest(): Digest {
    this.#digest ??= sha256(this.#written());
    return this.#digest;
  }

  file(): PayloadFile {
    return asFile(this.#settings.path(), this.#written());
  }

  async adopt(): Promise<Digest> {
    if (this.#ended) throw new FederationError("CHUNK_INVALID", "the upload has ended");
    if (this.#offset !== this.#sizeBytes) {
      throw new FederationError("PAYLOAD_LENGTH_MISMATCH", `${this.#offset} of ${this.#sizeBytes} bytes have come`);
    }
    this.#end();
    return this.#settings.keep(this.digest(), this.#written());
  }

  async suspend(): Promise<void> {
    this.#ended = true;
  }

  async discard(): Promise<void> {
    if (!this.#ended) this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#settings.drop();
  }

  #written(): Uint8Array {
    return this.#payload.subarray(0, this.#offset);
  }
}

/** Written when somebody asks for its path: most take the bytes. */
function asFile(path: string, payload: Uint8Array): PayloadFile {
  return {
    bytes: payload,
    get path() {
      writeFileSync(path, payload);
      return path;
    },
    offset: 0,
    sizeBytes: payload.length,
  };
}
