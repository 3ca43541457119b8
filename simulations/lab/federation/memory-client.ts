import type { Heads, Outbox, Receipts } from "../../../client/index.ts";
import type { JobId, UpdateId } from "../../../core/ids.ts";
import type { UpdateHeader } from "../../../core/update.ts";

/**
 * An outbox that ends with its process, as everything of the lab does. Payloads stay where training left them.
 * @param answered told once nothing more will be sent of an update
 */
export function memoryOutbox(answered: (header: UpdateHeader) => void): Outbox {
  const sequences = new Map<JobId, number>();
  const unanswered = new Map<UpdateId, UpdateHeader>();
  return {
    async nextSequence(jobId) {
      const next = (sequences.get(jobId) ?? 0) + 1;
      sequences.set(jobId, next);
      return next;
    },
    async keep({ payload, ...update }) {
      unanswered.set(update.updateId, update.header);
      return { ...update, payload: { bytes: payload, path: "", offset: 0, sizeBytes: payload.length } };
    },
    unanswered: async () => [],
    async answered(updateId) {
      const header = unanswered.get(updateId);
      if (unanswered.delete(updateId) && header !== undefined) answered(header);
    },
    close: async () => undefined,
  };
}

/** The lab's coordinator lives as long as its clients: no history of an older one is there to compare with. */
export const noHeads: Heads = {
  newest: undefined,
  opened: async () => undefined,
  received: async () => undefined,
  save: async () => undefined,
};

export const noReceipts: Receipts = {
  keep: async () => undefined,
  keepTask: async () => undefined,
  save: async () => undefined,
};
