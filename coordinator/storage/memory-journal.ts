import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import type { Digest } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import { auditChain } from "../audit/chain.ts";
import { contentOf, publicLeafOf } from "../audit/leaves.ts";
import type { CommitGroup, EventRow, EventStore } from "./event-store.ts";
import { GroupCommitJournal, type JournalSettings } from "./group-commit-journal.ts";
import type { Journal, StoredEvent } from "./journal.ts";

/**
 * A journal that ends with its process: for the lab and for tests. Chain and heads are those of the durable one.
 * @param maxBlobBytes inline blobs beyond so many bytes are forgotten, the oldest first
 */
export function memoryJournal(settings: JournalSettings, maxBlobBytes = Number.POSITIVE_INFINITY): Journal {
  return new GroupCommitJournal(new MemoryEventStore(maxBlobBytes), auditChain(), undefined, settings);
}

export class MemoryEventStore implements EventStore {
  readonly #rows: EventRow[] = [];
  readonly #byKey = new Map<string, EventRow>();
  readonly #heads: SignedHead[] = [];
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #maxBlobBytes: number;
  #blobBytes = 0;

  constructor(maxBlobBytes: number) {
    this.#maxBlobBytes = maxBlobBytes;
  }

  commit({ rows, blobs, head }: CommitGroup): void {
    for (const row of rows) {
      this.#rows.push(row);
      if (row.key !== null) this.#byKey.set(row.key, row);
    }
    for (const { digest, bytes } of blobs) this.#keep(digest, bytes);
    this.#heads.push(head);
  }

  read(fromIndex: number, limit: number): StoredEvent[] {
    return this.#rows.slice(fromIndex, fromIndex + limit).map(storedEvent);
  }

  leaves(fromIndex: number, limit: number): PublicLeaf[] {
    return this.#rows.slice(fromIndex, fromIndex + limit).map(publicLeafOf);
  }

  find(key: string): StoredEvent | undefined {
    const row = this.#byKey.get(key);
    return row === undefined ? undefined : storedEvent(row);
  }

  headCovering(index: number): SignedHead | undefined {
    let [low, high] = [0, this.#heads.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#heads[middle] as SignedHead).size > index) high = middle;
      else low = middle + 1;
    }
    return this.#heads[low];
  }

  inlineBlob(digest: Digest): Uint8Array | undefined {
    return this.#blobs.get(digest);
  }

  close(): void {}

  #keep(digest: Digest, bytes: Uint8Array): void {
    this.#forget(digest);
    this.#blobs.set(digest, Uint8Array.from(bytes));
    this.#blobBytes += bytes.length;
    for (const oldest of this.#blobs.keys()) {
      if (this.#blobBytes <= this.#maxBlobBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(digest: Digest): void {
    this.#blobBytes -= this.#blobs.get(digest)?.length ?? 0;
    this.#blobs.delete(digest);
  }
}

function storedEvent({ index, ...parts }: EventRow): StoredEvent {
  return { index, ...contentOf(parts) };
}
