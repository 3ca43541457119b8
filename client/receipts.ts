import { appendFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { toHex } from "../core/ids.ts";
import type { Signed, SignedReceipt, SignedTask } from "../core/statements.ts";

/** What the coordinator has signed for this client: the client's own evidence, should it ever differ. */
export interface Receipts {
  keep(receipt: SignedReceipt): Promise<void>;
  /** A task that says what this client's privacy has cost. */
  keepTask(task: SignedTask): Promise<void>;
  /** Writes what waits to be written. */
  save(): Promise<void>;
}

/** Receipts come with every round; they are written together, at most this often. */
const SAVE_EVERY_MS = 1_000;

/**
 * Receipts and tasks in two files, one JSON line each, statement and signature in hex. A client that is killed loses those
 * of its last second, a power loss a few more: the coordinator gives a receipt again to whoever asks.
 */
export function receiptsIn(paths: { readonly receipts: string; readonly tasks: string }, clock: Clock): Receipts {
  const receipts = signedLines(paths.receipts, clock);
  const tasks = signedLines(paths.tasks, clock);
  return {
    keep: receipts.keep,
    keepTask: tasks.keep,
    async save() {
      await receipts.save();
      await tasks.save();
    },
  };
}

function signedLines(path: string, clock: Clock) {
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
    async keep({ bytes, signature }: Signed<unknown>): Promise<void> {
      waiting += `${JSON.stringify({ statement: toHex(bytes), signature: toHex(signature) })}\n`;
      if (clock.monotonicMs() - savedAtMs >= SAVE_EVERY_MS) await save();
    },
    save,
  };
}
