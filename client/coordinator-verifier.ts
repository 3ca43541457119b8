import { openReceipt, openTask, verifyHead } from "../core/crypto/statements.ts";
import { type Verifier, verifier } from "../core/crypto/verify.ts";
import { FederationError } from "../core/errors.ts";
import { fromHex, type UpdateId } from "../core/ids.ts";
import type { ReceiptStatement, SignedReceipt, SignedTask, TaskStatement } from "../core/statements.ts";
import type { ClientProfile } from "./profile.ts";

/** What the coordinator says counts once it verifies under the keys of the enrolment. */
export interface CoordinatorVerifier {
  /** @throws TASK_INVALID unless it is signed, of our federation and addressed to us */
  task(task: Pick<SignedTask, "bytes" | "signature">): TaskStatement;
  /** @throws RECEIPT_INVALID unless it is signed, names this update, and holds a signed head of our federation's log */
  receipt(receipt: SignedReceipt, updateId: UpdateId): ReceiptStatement;
}

export function coordinatorVerifier({ federationId, clientId, ...profile }: ClientProfile): CoordinatorVerifier {
  const coordinator: Verifier = verifier(fromHex(profile.coordinatorKey));
  const journal: Verifier = verifier(fromHex(profile.logKey));
  return {
    task({ bytes, signature }) {
      const { statement } = openTask(bytes, signature, coordinator);
      if (statement.federationId !== federationId) throw new FederationError("TASK_INVALID", "of another federation");
      if (statement.clientId !== clientId) throw new FederationError("TASK_INVALID", "addressed to another client");
      return statement;
    },
    receipt({ bytes, signature }, updateId) {
      const { statement } = openReceipt(bytes, signature, coordinator);
      const { head } = statement;
      if (statement.updateId !== updateId) throw new FederationError("RECEIPT_INVALID", "of another update");
      if (head.origin !== federationId || !verifyHead(head, journal)) {
        throw new FederationError("RECEIPT_INVALID", "its tree head does not verify");
      }
      return statement;
    },
  };
}
