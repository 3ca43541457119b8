import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import type { Digest } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { LeafParts } from "../audit/leaves.ts";
import type { InlineBlob, StoredEvent } from "./journal.ts";

/** Where a journal keeps its groups; SQLite or memory. Hashing, signing and queueing are the journal's own. */
export interface EventStore {
  /** Writes all of the group or nothing, and returns when it is durable. */
  commit(group: CommitGroup): void;
  read(fromIndex: number, limit: number): StoredEvent[];
  leaves(fromIndex: number, limit: number): PublicLeaf[];
  find(key: string): StoredEvent | undefined;
  headCovering(index: number): SignedHead | undefined;
  /** The bytes as they were given, or damaged. */
  inlineBlob(digest: Digest): Uint8Array | undefined;
  close(): void;
}

export interface CommitGroup {
  readonly rows: readonly EventRow[];
  readonly blobs: readonly InlineBlob[];
  readonly head: SignedHead;
}

export interface EventRow extends LeafParts {
  readonly index: number;
  readonly key: string | null;
  /** The event's link in the audit chain. */
  readonly link: Uint8Array;
}
