import type { JobEvent, Parts, RowSource, StoredEvent } from "../../../coordinator/index.ts";
import type { ClientId, Digest, JobId } from "../../../core/ids.ts";
import { floatsOf } from "../../../core/tensors/digest.ts";
import type { AttemptKey } from "../clients/meetings.ts";

type EventOf<Type extends JobEvent["type"]> = Extract<JobEvent, { type: Type }>;

/** What the rule looks back to, as the newest version left it. */
export interface RuleState {
  readonly previousAggregate: Float32Array | undefined;
  /** To which the round's updates are clipped, where that adapts. */
  readonly clipNorm: number | undefined;
  readonly memory: {
    readonly vectors: ReadonlyMap<string, RowSource>;
    readonly numbers: Readonly<Record<string, readonly number[]>>;
  };
}

/**
 * One job as its journal tells it, read as far as it has come: with what is sealed, so that where the public log has
 * commitments in place of clients, the lab still knows who was asked.
 */
export interface JobView {
  /** The clients asked in the newest attempt. */
  cohort(): readonly ClientId[];
  /** Whether the attempt is the newest and has not ended. */
  isOpen(attempt: AttemptKey): boolean;
  /** The newest that is committed. */
  version(): number;
  ruleState(): Promise<RuleState>;
  /** The events of the job in their order, to its end. */
  events(signal: AbortSignal): AsyncGenerator<StoredEvent & { readonly event: JobEvent }>;
}

const READ_AT_ONCE = 1_024;

export function jobView({ journal, blobs }: Pick<Parts, "journal" | "blobs">, jobId: JobId): JobView {
  let index = 0;
  let opened: EventOf<"RoundOpened"> | undefined;
  let isOpen = false;
  let committed: EventOf<"VersionCommitted"> | undefined;
  const unread: (StoredEvent & { readonly event: JobEvent })[] = [];

  function see(stored: StoredEvent): void {
    const { event } = stored;
    if (!("jobId" in event) || event.jobId !== jobId) return;
    if (event.type === "RoundOpened") [opened, isOpen] = [event, true];
    if (event.type === "RoundClosed" || event.type === "RoundAbandoned") isOpen = false;
    if (event.type === "VersionCommitted") committed = event;
    unread.push({ ...stored, event });
  }

  function catchUp(): void {
    while (index < journal.size) {
      const read = journal.read(index, READ_AT_ONCE);
      for (const stored of read) see(stored);
      index += read.length;
    }
  }

  const floats = async (digest: Digest) => floatsOf(journal.inlineBlob(digest) ?? (await blobs.read(digest)));

  return {
    cohort() {
      catchUp();
      return opened?.cohort ?? [];
    },
    isOpen({ round, attempt }) {
      catchUp();
      return isOpen && opened?.round === round && opened.attempt === attempt;
    },
    version() {
      catchUp();
      return committed?.version ?? 0;
    },
    async ruleState() {
      catchUp();
      const { releasedDeltaSha256, ruleMemory } = committed ?? {};
      const vectors = new Map<string, RowSource>();
      for (const { name, sha256 } of ruleMemory?.vectors ?? []) {
        vectors.set(name, { kind: "memory", values: await floats(sha256) });
      }
      const previousAggregate = releasedDeltaSha256 && (await floats(releasedDeltaSha256));
      return { previousAggregate, clipNorm: opened?.clipNorm, memory: { vectors, numbers: ruleMemory?.numbers ?? {} } };
    },
    async *events(signal) {
      for (;;) {
        catchUp();
        for (let next = unread.shift(); next !== undefined; next = unread.shift()) {
          yield next;
          if (next.event.type === "JobEnded") return;
        }
        await journal.grownBeyond(index, signal);
        signal.throwIfAborted();
      }
    },
  };
}
