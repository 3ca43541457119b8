import type { SignedHead } from "../../core/statements.ts";
import type { BlobStore } from "./blob-store.ts";
import type { StoredEvent } from "./journal.ts";

/** Blobs that no event names: a crash, or the end of a round, came between a payload and its event. */
export interface Orphans {
  /** Shown every event of the journal. Whatever reads like a digest in it is taken for the name of a blob. */
  see(stored: StoredEvent): void;
  /**
   * Deletes what no event named. Blobs younger than the journal's newest head stay: where an older backup of the journal
   * was put back, they are named by events that it lacks.
   */
  sweep(head: SignedHead | undefined): Promise<void>;
}

/** For a coordinator that starts: as long as nothing runs, nobody is about to name a blob. */
export async function orphansOf(blobs: BlobStore): Promise<Orphans> {
  const unnamed = new Set<unknown>(await blobs.list());

  function strike(value: unknown): void {
    if (typeof value === "string") unnamed.delete(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(strike);
  }

  return {
    see({ event, sealed }) {
      if (unnamed.size > 0) strike([event, sealed]);
    },
    async sweep(head) {
      if (head === undefined) return;
      for (const digest of await blobs.list()) if (unnamed.has(digest)) await blobs.delete(digest, head.timeMs);
    },
  };
}
