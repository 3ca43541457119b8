import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { sha256 } from "../../core/crypto/sha256.ts";
import { FederationError } from "../../core/errors.ts";
import { DurableDisk, type FileSystem, guarded, TEMPORARY } from "../../core/files/durable-write.ts";
import { readAll, SLICE_BYTES } from "../../core/files/file-bytes.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesOf } from "../../core/tensors/digest.ts";
import { payloadOffset, safetensorsHeader } from "../../core/tensors/safetensors.ts";
import { numCoordinates, type TensorSchema } from "../../core/tensors/schema.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { BlobStore } from "./blob-store.ts";
import { type FileSpool, openFileSpool } from "./file-spool.ts";

export interface FileBlobStoreOptions {
  readonly files?: FileSystem;
  /** Called once, when an fsync failed for anything but a full disk: the process must stop. */
  readonly onFailure?: (error: FederationError) => void;
}

const SPOOLS = "spools";

/**
 * Blobs as files: `<folder>/<first two hex digits>/<digest>.safetensors`, or `.bin` for plain bytes, and uploads in
 * progress in `<folder>/spools`, all of it for the owner's eyes alone. Only one process may use the folder: open the
 * journal, which is the lock, first.
 * @throws DISK_FULL, STORAGE_FAILED
 */
export async function openFileBlobStore(folder: string, options: FileBlobStoreOptions = {}): Promise<BlobStore> {
  const disk = new DurableDisk(options.files, options.onFailure);
  await guarded(`open the blob store ${folder}`, async () => {
    await disk.files.mkdir(join(folder, SPOOLS), { recursive: true, mode: 0o700 });
    await disk.syncFolder(dirname(folder));
    // what a crash left half-written
    const names = await disk.files.readdir(folder, RECURSIVE);
    for (const name of names) if (name.endsWith(TEMPORARY)) await disk.remove(join(folder, name));
  });
  return new BlobFolder(folder, disk);
}

const RECURSIVE = { recursive: true } as const;
const FORMS = ["safetensors", "bin"] as const;
const BLOB_NAME = /^([0-9a-f]{64})\.(?:safetensors|bin)$/;
type Form = (typeof FORMS)[number];

class BlobFolder implements BlobStore {
  readonly #folder: string;
  readonly #disk: DurableDisk;
  /** The newest of what is done to each spool file, by path: an upload in progress, or its removal. */
  readonly #spools = new Map<string, Promise<FileSpool | undefined>>();

  constructor(folder: string, disk: DurableDisk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  async putTensors(schema: TensorSchema, values: Float32Array): Promise<Digest> {
    if (values.length !== numCoordinates(schema)) {
      throw new FederationError("SCHEMA_MISMATCH", `${values.length} values for a schema of ${numCoordinates(schema)}`);
    }
    return await this.#put("safetensors", safetensorsHeader(schema), bytesOf(values));
  }

  putBytes(bytes: Uint8Array): Promise<Digest> {
    return this.#put("bin", new Uint8Array(), bytes);
  }

  /** The newest stream of a key goes on with it: the older one may hang on a connection that is dead already. */
  openSpool(key: string, schema: TensorSchema, sizeBytes: number): Promise<FileSpool> {
    const path = this.#spoolPath(key);
    return this.#inTurn(path, async (older, ended) => {
      await older?.suspend();
      return await openFileSpool({
        disk: this.#disk,
        path,
        header: safetensorsHeader(schema),
        sizeBytes,
        publish: (file, digest) => this.#disk.publish(file, path, this.#pathOf(digest, "safetensors")),
        closed: ended,
      });
    });
  }

  async discardSpool(key: string): Promise<void> {
    const path = this.#spoolPath(key);
    await this.#inTurn(path, async (older, ended): Promise<undefined> => {
      await older?.discard();
      await this.#disk.remove(path);
      ended();
    });
  }

  async sweepSpools(beforeMs: number): Promise<void> {
    const folder = join(this.#folder, SPOOLS);
    for (const name of await guarded(`list ${folder}`, () => this.#disk.files.readdir(folder))) {
      const path = join(folder, name);
      if (this.#spools.has(path)) continue;
      await this.#inTurn(path, async (_, ended): Promise<undefined> => {
        const stat = await this.#stat(path);
        if (stat !== undefined && stat.mtimeMs < beforeMs) await this.#disk.remove(path);
        ended();
      });
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#find(digest)) !== undefined;
  }

  async locate(digest: Digest): Promise<PayloadFile> {
    const found = await this.#find(digest);
    if (found === undefined) throw new FederationError("BLOB_UNKNOWN", `no blob ${digest}`);
    const offset = found.form === "bin" ? 0 : payloadOffset(await this.#bytesAt(found.path, 0, 8));
    return { path: found.path, offset, sizeBytes: found.sizeBytes - offset };
  }

  async read(digest: Digest): Promise<Uint8Array> {
    const { path, offset, sizeBytes } = await this.locate(digest);
    const bytes = await this.#bytesAt(path, offset, sizeBytes);
    if ((await digestOf(bytes)) !== digest) throw new FederationError("STORAGE_FAILED", `the blob ${path} has changed`);
    return bytes;
  }

  async list(): Promise<Digest[]> {
    const names = await guarded(`list ${this.#folder}`, () => this.#disk.files.readdir(this.#folder, RECURSIVE));
    return names.flatMap((name) => BLOB_NAME.exec(basename(name))?.[1] ?? []) as Digest[];
  }

  async delete(digest: Digest, writtenBeforeMs = Number.POSITIVE_INFINITY): Promise<void> {
    for (const form of FORMS) {
      const path = this.#pathOf(digest, form);
      if (((await this.#stat(path))?.mtimeMs ?? 0) >= writtenBeforeMs) continue;
      await guarded(`delete ${path}`, () => this.#disk.files.rm(path, { force: true }));
    }
  }

  /** One at a time per spool file, so that no upload goes on in a file that is being removed. */
  #inTurn<T extends FileSpool | undefined>(
    path: string,
    work: (older: FileSpool | undefined, ended: () => void) => Promise<T>,
  ): Promise<T> {
    const older = this.#spools.get(path);
    const forget = () => {
      if (this.#spools.get(path) === next) this.#spools.delete(path);
    };
    const next = (async () => work(await older?.catch(() => undefined), forget))();
    this.#spools.set(path, next);
    next.catch(forget);
    return next;
  }

  async #put(form: Form, header: Uint8Array, payload: Uint8Array): Promise<Digest> {
    const digest = await digestOf(payload);
    const found = await this.#find(digest);
    if (found === undefined) await this.#disk.write(this.#pathOf(digest, form), [header, payload]);
    else await this.#disk.confirm(found.path);
    return digest;
  }

  async #find(digest: Digest): Promise<{ path: string; form: Form; sizeBytes: number } | undefined> {
    for (const form of FORMS) {
      const path = this.#pathOf(digest, form);
      const stat = await this.#stat(path);
      if (stat !== undefined) return { path, form, sizeBytes: stat.size };
    }
    return undefined;
  }

  #stat(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
    return guarded(`look at ${path}`, () =>
      this.#disk.files.stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      }),
    );
  }

  #bytesAt(path: string, position: number, length: number): Promise<Uint8Array> {
    return guarded(`read ${path}`, async () => {
      const file = await this.#disk.files.open(path, "r");
      try {
        const bytes = new Uint8Array(length);
        await readAll(file, bytes, position);
        return bytes;
      } finally {
        await file.close();
      }
    });
  }

  #spoolPath(key: string): string {
    return join(this.#folder, SPOOLS, `${sha256(key)}.spool`);
  }

  #pathOf(digest: Digest, form: Form): string {
    return join(this.#folder, digest.slice(0, 2), `${digest}.${form}`);
  }
}

/** SHA-256 that lets the event loop breathe after every slice. */
async function digestOf(bytes: Uint8Array): Promise<Digest> {
  const hash = createHash("sha256");
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    if (start > 0) await setImmediate();
    hash.update(bytes.subarray(start, start + SLICE_BYTES));
  }
  return hash.digest("hex") as Digest;
}
