import { appendFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { toHex } from "../core/ids.ts";
import type { SignedReceipt } from "../core/statements.ts";

/** What the coordinator has signed about this client's updates: the client's own evidence, should it ever differ. */
export interface Receipts {
  keep(receipt: SignedReceipt): Promise<void>;
  /** Writes what waits to be written. */
  save(): Promise<void>;
}

/** Receipts come with every round; they are written together, at most this often. */
const SAVE_EVERY_MS = 1_000;

/**
 * Receipts in a file, one JSON line each, statement and signature in hex. A client that is killed loses the receipts of
 * its last second, a power loss a few more: the coordinator gives a receipt again to whoever asks.
 */
export function receiptsIn(path: string, clock: Clock): Receipts {
  let waiting = "";
  let savedAtMs = Number.NEGATIVE_INFINITY;

  async function save(): Promise<void> {
    const lines = waiting;
    if (lines === "") return;
    waiting = "";
    savedAtMs = clock.monotonicMs();
    await appendFile(path, lines, { mode: 0o600 }).catch((error: unknown) => {
      waiting = lines + waiting;
      throw error;
    });
  }

  return {
    async keep({ bytes, signature }) {
      waiting += `${JSON.stringify({ statement: toHex(bytes), signature: toHex(signature) })}\n`;
      if (clock.monotonicMs() - savedAtMs >= SAVE_EVERY_MS) await save();
    },
    save,
  };
}
