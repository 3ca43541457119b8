import { fromHex } from "../../core/ids.ts";
import type { ListClientsResponse } from "../../proto/generated/holdfast/v1/ListClientsResponse.ts";
import type { Parts } from "../parts.ts";

export function listClients({ clients, sessions }: Parts): ListClientsResponse {
  return {
    clients: clients.list().map(({ clientId, name, keyEpoch, revoked, quarantined }) => ({
      clientId: fromHex(clientId),
      name,
      keyEpoch,
      revoked,
      quarantined,
      connected: sessions.isConnected(clientId),
    })),
  };
}
