import { FederationError, type Refusal, refuse } from "../../core/errors.ts";
import { fromHex, type UpdateId } from "../../core/ids.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import type { GetReceiptResponse__Output as GetReceiptResponse } from "../../proto/generated/holdfast/v1/GetReceiptResponse.ts";
import { errorOfCall } from "../../proto/status.ts";
import { decodeReceipt } from "./decode.ts";
import type { SessionCalls } from "./session.ts";

/** The receipt of an update whose acknowledgement was lost, or RECEIPT_UNKNOWN as a refusal. */
export async function askReceipt(calls: SessionCalls, updateId: UpdateId): Promise<SignedReceipt | Refusal> {
  try {
    const { receipt } = await call(calls, updateId);
    if (!receipt) return refuse("RECEIPT_UNKNOWN", "the answer holds no receipt");
    return decodeReceipt(receipt, updateId, calls.coordinator);
  } catch (error) {
    if (error instanceof FederationError && error.code === "RECEIPT_UNKNOWN") return refuse(error.code, error.message);
    throw error;
  }
}

function call({ stub, metadata }: SessionCalls, updateId: UpdateId): Promise<GetReceiptResponse> {
  return new Promise((resolve, reject) => {
    stub.getReceipt({ updateId: fromHex(updateId) }, metadata, (error, response) => {
      if (response === undefined) reject(error === null ? new Error("no response") : errorOfCall(error));
      else resolve(response);
    });
  });
}
