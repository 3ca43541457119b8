import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { PublicLeaf } from "../../core/crypto/public-leaf.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { signHead } from "../../core/crypto/statements.ts";
import { FederationError } from "../../core/errors.ts";
import type { Digest, FederationId } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import type { AuditChain } from "../audit/chain.ts";
import { type LeafParts, leafParts, SALT_BYTES } from "../audit/leaves.ts";
import type { CommitGroup, EventStore } from "./event-store.ts";
import type { Appended, Entry, InlineBlob, Journal, StoredEvent } from "./journal.ts";

export interface JournalSettings {
  readonly origin: FederationId;
  readonly logKey: SigningKey;
  readonly clock: Clock;
  /** Called once, when a commit failed: the journal takes nothing more and the process must stop. */
  readonly onFailure?: (error: FederationError) => void;
  /** How long an admission waits for others to share its commit; 8 ms unless told otherwise. */
  readonly admissionWindowMs?: number;
}

/** How long an admission waits for others: an fsync costs as much for ten. What a round waits for commits at once. */
const ADMISSION_WINDOW_MS = 8;
/** A queue of this size is committed at once, whoever else may be about to come. */
const MAX_GROUP_BYTES = 8 << 20;

interface Pending {
  readonly events: readonly (LeafParts & { readonly key: string | null })[];
  readonly blobs: readonly InlineBlob[];
  readonly isPatient: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: FederationError) => void;
}

/**
 * The journal over any event store. Appends wait in a queue for what else arrives within a moment; then all of them
 * are one transaction under one signed head.
 */
export class GroupCommitJournal implements Journal {
  readonly #store: EventStore;
  readonly #chain: AuditChain;
  readonly #settings: JournalSettings;
  readonly #waiting = new Set<{ readonly index: number; readonly resolve: () => void }>();
  #head: SignedHead | undefined;
  #queue: Pending[] = [];
  #queuedKeys = new Set<string>();
  #queuedBytes = 0;
  #refusal: FederationError | undefined;

  /** `chain` and `head` are those of what the store holds. */
  constructor(store: EventStore, chain: AuditChain, head: SignedHead | undefined, settings: JournalSettings) {
    this.#store = store;
    this.#chain = chain;
    this.#head = head;
    this.#settings = settings;
  }

  get size(): number {
    return this.#head?.size ?? 0;
  }

  get head(): SignedHead | undefined {
    return this.#head;
  }

  async append(entries: readonly Entry[], blobs: readonly InlineBlob[] = []): Promise<Appended> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (entries.length === 0) throw new FederationError("INTERNAL", "an append without an event");
    const events = entries.map(({ event, sealed, key, commitmentKey }) => ({
      ...leafParts(event, sealed, randomBytes(SALT_BYTES), commitmentKey),
      key: key ?? null,
    }));
    this.#takeKeys(entries);
    const isPatient = entries.every(({ event }) => event.type === "UpdateAdmitted");
    return await new Promise((resolve, reject) => {
      this.#enqueue({ events, blobs, isPatient, resolve, reject });
    });
  }

  read(fromIndex: number, limit: number): StoredEvent[] {
    return this.#store.read(fromIndex, limit);
  }

  leaves(fromIndex: number, limit: number): PublicLeaf[] {
    return this.#store.leaves(fromIndex, limit);
  }

  find(key: string): StoredEvent | undefined {
    return this.#store.find(key);
  }

  headCovering(index: number): SignedHead | undefined {
    return this.#store.headCovering(index);
  }

  inlineBlob(digest: Digest): Uint8Array | undefined {
    const bytes = this.#store.inlineBlob(digest);
    if (bytes !== undefined && sha256(bytes) !== digest) {
      throw new FederationError("JOURNAL_CORRUPT", `the inline blob ${digest} has changed`);
    }
    return bytes;
  }

  grownBeyond(index: number, signal: AbortSignal): Promise<void> {
    if (this.size > index || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const waiter = { index, resolve: done };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", done);
    });
  }

  /** Commits what is queued first. */
  close(): void {
    if (this.#refusal?.code === "SHUTTING_DOWN") return;
    this.#commitQueue();
    this.#refusal = new FederationError("SHUTTING_DOWN", "the journal is closed");
    this.#store.close();
  }

  /** A key that is taken fails its own append, not the group. */
  #takeKeys(entries: readonly Entry[]): void {
    const keys = entries.flatMap(({ key }) => key ?? []);
    const taken = keys.find((key, i) => {
      return this.#queuedKeys.has(key) || keys.indexOf(key) !== i || this.#store.find(key) !== undefined;
    });
    if (taken !== undefined) throw new FederationError("INTERNAL", `an event is stored under the key ${taken} already`);
    for (const key of keys) this.#queuedKeys.add(key);
  }

  #enqueue(pending: Pending): void {
    this.#queue.push(pending);
    if (!pending.isPatient) setImmediate(() => this.#commitQueue());
    else if (this.#queue.length === 1) {
      setTimeout(() => this.#commitQueue(), this.#settings.admissionWindowMs ?? ADMISSION_WINDOW_MS);
    }
    for (const { publicBytes, sealedBytes } of pending.events) {
      this.#queuedBytes += publicBytes.length + (sealedBytes?.length ?? 0);
    }
    for (const { bytes } of pending.blobs) this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= MAX_GROUP_BYTES) this.#commitQueue();
  }

  #commitQueue(): void {
    const pending = this.#queue;
    if (pending.length === 0) return;
    this.#queue = [];
    this.#queuedKeys.clear();
    this.#queuedBytes = 0;
    let index = this.size;
    try {
      const group = this.#groupOf(pending);
      this.#store.commit(group);
      this.#head = group.head;
    } catch (cause) {
      // whether the group is on disk is unknown now, and the chain has run ahead of it: only a reopen can tell
      const failure = new FederationError("STORAGE_FAILED", `the journal cannot commit: ${String(cause)}`, { cause });
      this.#refusal = failure;
      for (const { reject } of pending) reject(failure);
      this.#settings.onFailure?.(failure);
      return;
    }
    for (const { events, resolve } of pending) {
      resolve({ firstIndex: index, head: this.#head });
      index += events.length;
    }
    for (const waiter of this.#waiting) if (this.size > waiter.index) waiter.resolve();
  }

  #groupOf(pending: readonly Pending[]): CommitGroup {
    const { origin, logKey, clock } = this.#settings;
    const firstIndex = this.size;
    const rows = pending
      .flatMap(({ events }) => events)
      .map((event, i) => ({ ...event, index: firstIndex + i, link: this.#chain.append(event) }));
    const tree = { origin, size: this.#chain.size, root: this.#chain.root(), timeMs: clock.nowMs() };
    return { rows, blobs: pending.flatMap(({ blobs }) => blobs), head: signHead(tree, logKey) };
  }
}
