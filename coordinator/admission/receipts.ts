import type { SigningKey } from "../../core/crypto/sign.ts";
import { signReceipt } from "../../core/crypto/statements.ts";
import type { ClientId, UpdateId } from "../../core/ids.ts";
import type { SignedHead, SignedReceipt } from "../../core/statements.ts";
import type { EventOf } from "../rounds/events.ts";
import type { Journal } from "../storage/journal.ts";

export interface Receipts {
  /** The receipt of an admitted update, always the same bytes; undefined for what was never admitted. */
  of(updateId: UpdateId, clientId: ClientId): SignedReceipt | undefined;
}

/** Receipts are not stored: event, head and key fix every byte of them. */
export function receiptsFrom(journal: Journal, signer: SigningKey): Receipts {
  return {
    of(updateId, clientId) {
      const found = journal.find(updateId);
      if (found?.event.type !== "UpdateAdmitted" || found.event.clientId !== clientId) return undefined;
      const head = journal.headCovering(found.index);
      return head && receiptFor(found.event, found.index, head, signer);
    },
  };
}

function receiptFor(event: EventOf<"UpdateAdmitted">, logIndex: number, head: SignedHead, signer: SigningKey) {
  const { updateId, receivedAtMs } = event;
  return signReceipt({ updateId, decision: "admitted", code: null, logIndex, head, receivedAtMs }, signer);
}
