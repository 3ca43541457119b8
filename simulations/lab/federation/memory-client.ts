import type { Heads, Outbox, Receipts } from "../../../client/index.ts";
import type { JobId } from "../../../core/ids.ts";

/** An outbox that ends with its process, as everything of the lab does. Payloads stay where training left them. */
export function memoryOutbox(): Outbox {
  const sequences = new Map<JobId, number>();
  return {
    async nextSequence(jobId) {
      const next = (sequences.get(jobId) ?? 0) + 1;
      sequences.set(jobId, next);
      return next;
    },
    async keep({ payload, ...update }) {
      return { ...update, payload: { bytes: payload, path: "", offset: 0, sizeBytes: payload.length } };
    },
    unanswered: async () => [],
    answered: async () => undefined,
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
