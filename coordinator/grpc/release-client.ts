import { FederationError } from "../../core/errors.ts";
import type { ReleaseClientRequest__Output as ReleaseClientRequest } from "../../proto/generated/holdfast/v1/ReleaseClientRequest.ts";
import type { ReleaseClientResponse } from "../../proto/generated/holdfast/v1/ReleaseClientResponse.ts";
import type { Parts } from "../parts.ts";
import { printable } from "./text.ts";

export async function releaseClient(
  { clientName, reason }: ReleaseClientRequest,
  { clients, keys }: Parts,
): Promise<ReleaseClientResponse> {
  const refusal = await clients.release(clientName, keys.adminPublicKey, printable(reason));
  if (refusal !== undefined) throw new FederationError(refusal.refused, refusal.detail);
  return {};
}
