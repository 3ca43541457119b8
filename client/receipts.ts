import { appendFile } from "node:fs/promises";
import { toHex } from "../core/ids.ts";
import type { SignedReceipt } from "../core/statements.ts";

/** What the coordinator has signed about this client's updates: the client's own evidence, should it ever differ. */
export interface Receipts {
  keep(receipt: SignedReceipt): Promise<void>;
}

/**
 * Receipts in a file, one JSON line each, statement and signature in hex. A power loss may cost the last lines: the
 * coordinator gives a receipt again to whoever asks.
 */
export function receiptsIn(path: string): Receipts {
  return {
    async keep({ bytes, signature }) {
      const line = JSON.stringify({ statement: toHex(bytes), signature: toHex(signature) });
      await appendFile(path, `${line}\n`, { mode: 0o600 });
    },
  };
}
