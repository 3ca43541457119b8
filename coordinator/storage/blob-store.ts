import type { Digest } from "../../core/ids.ts";
import type { TensorSchema } from "../../core/tensors/schema.ts";
import type { PayloadFile } from "../../core/update.ts";

/**
 * Content-addressed storage. A blob's address is the SHA-256 of its raw payload: for tensors the little-endian
 * float32 values alone; the file on disk is a deterministic safetensors header and that payload.
 * Every write survives a power loss once it resolved (core/files/durable-write.ts). Implementations: file-blob-store.ts,
 * memory-blob-store.ts.
 */
export interface BlobStore {
  /** Durable when it resolves. Writing what is there already is free. @throws DISK_FULL, STORAGE_FAILED */
  putTensors(schema: TensorSchema, values: Float32Array): Promise<Digest>;
  putBytes(bytes: Uint8Array): Promise<Digest>;

  /** Opens a spool for an upload of exactly `sizeBytes`; continues one of the same key if it is there. */
  openSpool(key: string, schema: TensorSchema, sizeBytes: number): Promise<Spool>;
  /** Ends the upload of that key, suspended or not, and deletes its bytes; without one it does nothing. */
  discardSpool(key: string): Promise<void>;
  /** Deletes suspended uploads that got no byte since `beforeMs` (wall clock). @throws STORAGE_FAILED */
  sweepSpools(beforeMs: number): Promise<void>;

  has(digest: Digest): Promise<boolean>;
  /** Where the payload lies. @throws BLOB_UNKNOWN */
  locate(digest: Digest): Promise<PayloadFile>;
  /** The whole payload in memory; for models and plans, not for updates. @throws BLOB_UNKNOWN */
  read(digest: Digest): Promise<Uint8Array>;
  /** The addresses of all blobs. @throws STORAGE_FAILED */
  list(): Promise<Digest[]>;
  /** With a time (wall clock) only when it was written before that. @throws STORAGE_FAILED */
  delete(digest: Digest, writtenBeforeMs?: number): Promise<void>;
}

/** An upload in progress. Bytes are hashed while they are written. */
export interface Spool {
  /** Payload bytes written so far: where a broken upload resumes. */
  readonly offset: number;
  /** @throws CHUNK_INVALID beyond the size, DISK_FULL, STORAGE_FAILED */
  write(chunk: Uint8Array): Promise<void>;
  /** SHA-256 of what was written so far. */
  digest(): Digest;
  /** The payload on disk, for checking. */
  file(): PayloadFile;
  /** fsync, rename into the store, fsync of the folder. */
  adopt(): Promise<Digest>;
  /** Closes the file and keeps it for a resume. */
  suspend(): Promise<void>;
  /** Closes and deletes. */
  discard(): Promise<void>;
}
