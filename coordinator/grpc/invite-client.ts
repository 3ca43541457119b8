import type { EnrollmentBundle } from "../../core/bundle.ts";
import { toHex } from "../../core/ids.ts";
import type { InviteClientRequest__Output as InviteClientRequest } from "../../proto/generated/holdfast/v1/InviteClientRequest.ts";
import type { InviteClientResponse } from "../../proto/generated/holdfast/v1/InviteClientResponse.ts";
import type { Serving } from "./serving.ts";

/** A one-use token and, with it, everything the new site needs to know this coordinator from an impostor. */
export async function inviteClient(
  { clientName, validForMs }: InviteClientRequest,
  { parts, identity }: Serving,
): Promise<InviteClientResponse> {
  const { token, expiresAtMs } = await parts.clients.invite(clientName, validForMs);
  const bundle: EnrollmentBundle = {
    ...identity(),
    federationId: parts.federationId,
    coordinatorKey: toHex(parts.keys.coordinator.publicKey),
    logKey: toHex(parts.keys.log.publicKey),
    clientName,
    token,
    expiresAtMs,
  };
  return { bundleJson: JSON.stringify(bundle, null, 2) };
}
