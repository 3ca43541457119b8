import { readFile } from "node:fs/promises";
import type { Digest } from "../../core/ids.ts";
import type { PayloadFile } from "../../core/update.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Journal } from "../storage/journal.ts";

/** A blob where it lies: in memory when small, else on disk. @throws BLOB_UNKNOWN */
export type BlobSource = (digest: Digest) => Promise<Uint8Array | PayloadFile>;

const MAX_BLOBS = 16;
const SMALL_BYTES = 1024 * 1024;

/**
 * A whole cohort asks for the same model in the same moment: small blobs are read once and kept for the next to ask.
 * An address is a digest, so nothing kept can be out of date.
 */
export function recentBlobs(journal: Journal, blobs: BlobStore): BlobSource {
  const recent = new Map<Digest, Promise<Uint8Array | PayloadFile>>();

  async function find(digest: Digest): Promise<Uint8Array | PayloadFile> {
    const inline = journal.inlineBlob(digest);
    if (inline !== undefined) return inline;
    const file = await blobs.locate(digest);
    if (file.sizeBytes > SMALL_BYTES) return file;
    return (await readFile(file.path)).subarray(file.offset, file.offset + file.sizeBytes);
  }

  return (digest) => {
    const known = recent.get(digest);
    if (known !== undefined) return known;
    const found = find(digest);
    recent.set(digest, found);
    const forget = () => recent.delete(digest);
    // a path may go stale, bytes cannot
    found.then((source) => source instanceof Uint8Array || forget(), forget);
    if (recent.size > MAX_BLOBS) recent.delete(recent.keys().next().value as Digest);
    return found;
  };
}
