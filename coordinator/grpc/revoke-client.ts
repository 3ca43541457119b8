import { FederationError } from "../../core/errors.ts";
import type { RevokeClientRequest__Output as RevokeClientRequest } from "../../proto/generated/holdfast/v1/RevokeClientRequest.ts";
import type { RevokeClientResponse } from "../../proto/generated/holdfast/v1/RevokeClientResponse.ts";
import type { Parts } from "../parts.ts";
import { printable } from "./text.ts";

export async function revokeClient(
  { clientName, reason }: RevokeClientRequest,
  { clients }: Parts,
): Promise<RevokeClientResponse> {
  const refusal = await clients.revoke(clientName, printable(reason));
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
  return {};
}
