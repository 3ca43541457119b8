import { FederationError, isRefusal } from "../../core/errors.ts";
import { fromHex } from "../../core/ids.ts";
import type { EnrollRequest__Output as EnrollRequest } from "../../proto/generated/holdfast/v1/EnrollRequest.ts";
import type { EnrollResponse } from "../../proto/generated/holdfast/v1/EnrollResponse.ts";
import type { Parts } from "../parts.ts";
import { encodeHead } from "./encode.ts";

/** One token, one key, one client. */
export async function enroll(
  { token, clientName, publicKey, proof }: EnrollRequest,
  { federationId, keys, clients, journal }: Parts,
): Promise<EnrollResponse> {
  const client = await clients.enroll({ token, clientName, publicKey, proof });
  if (isRefusal(client)) throw new FederationError(client.refused, client.detail);
  return {
    federationId: fromHex(federationId),
    clientId: fromHex(client.clientId),
    keyEpoch: client.keyEpoch,
    coordinatorKey: keys.coordinator.publicKey,
    logKey: keys.log.publicKey,
    head: journal.head === undefined ? null : encodeHead(journal.head),
  };
}
