import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import type { Digest } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { Event, SealedPart } from "../rounds/events.ts";

/**
 * The journal is the state of the federation: a hash-chained, append-only sequence of events.
 * What `append` resolved is on disk, in order, for ever. Implementations: sqlite-journal.ts, memory-journal.ts;
 * both keep the promises of journal.contract.ts.
 */
export interface Journal {
  /** Number of durable events. */
  readonly size: number;
  /** The newest signed head; undefined while the journal is empty. */
  readonly head: SignedHead | undefined;

  /**
   * Appends in order and resolves once durable. Appends of one moment share a commit group: one transaction, one
   * fsync, one signed head. `blobs` are written in the same transaction.
   * @throws STORAGE_FAILED; after that the journal takes nothing more, and the process must stop.
   */
  append(entries: readonly Entry[], blobs?: readonly InlineBlob[]): Promise<Appended>;

  /** Durable events from `fromIndex` on, in order, at most `limit`. */
  read(fromIndex: number, limit: number): StoredEvent[];

  /** Durable leaves from `fromIndex` on, in order, at most `limit`: exactly what heads are signed over, and nothing sealed. */
  leaves(fromIndex: number, limit: number): PublicLeaf[];

  /** The event stored under this key, if any (an update's event is stored under its update id). */
  find(key: string): StoredEvent | undefined;

  /** The signed head of the commit group that made the event at `index` durable. */
  headCovering(index: number): SignedHead | undefined;

  /** A payload that was written inside a journal transaction. */
  inlineBlob(digest: Digest): Uint8Array | undefined;

  /** Resolves when `size` exceeds `index` (at once if it does already) or the signal aborts. */
  grownBeyond(index: number, signal: AbortSignal): Promise<void>;

  close(): void;
}

export interface Entry {
  readonly event: Event;
  readonly sealed?: SealedPart;
  /** Unique; makes the event findable. */
  readonly key?: string;
  /** Where the event's public part must not tell who took part (audit/commitments.ts). */
  readonly commitmentKey?: Uint8Array;
}

/** Payloads up to this size travel in the journal's transaction: one fsync instead of three. */
export const INLINE_BYTES = 64 * 1024;

export interface InlineBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface StoredEvent {
  readonly index: number;
  readonly event: Event;
  readonly sealed: SealedPart | undefined;
}

export interface Appended {
  readonly firstIndex: number;
  readonly head: SignedHead;
}
