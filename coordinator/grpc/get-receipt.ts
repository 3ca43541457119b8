import { FederationError, isRefusal } from "../../core/errors.ts";
import { asUpdateId, toHex } from "../../core/ids.ts";
import type { GetReceiptRequest__Output as GetReceiptRequest } from "../../proto/generated/holdfast/v1/GetReceiptRequest.ts";
import type { GetReceiptResponse } from "../../proto/generated/holdfast/v1/GetReceiptResponse.ts";
import type { ClientSession, Parts } from "../parts.ts";
import { encodeSigned } from "./encode.ts";

export function getReceipt(
  { updateId }: GetReceiptRequest,
  session: ClientSession,
  { admission }: Parts,
): GetReceiptResponse {
  const receipt = admission.receiptOf(session, asUpdateId(toHex(updateId)));
  if (isRefusal(receipt)) throw new FederationError(receipt.refused, receipt.detail);
  return { receipt: encodeSigned(receipt) };
}
