import { FederationError } from "../../../core/errors.ts";
import { needsNetwork } from "../../attacks/registry.ts";
import type { TransportName } from "../federation/wire.ts";
import type { Cell } from "../scenario/cell.ts";

/** @throws CONFIG_INVALID for an attack on a network where there is none: its figures would be those of no attack */
export function checkTransport(cells: readonly Pick<Cell, "attack">[], transport: TransportName): void {
  const found = cells.find(({ attack }) => attack !== null && needsNetwork(attack));
  if (transport !== "memory" || found === undefined) return;
  const where = "an attack on the network, and in memory there is none";
  throw new FederationError("CONFIG_INVALID", `${found.attack?.name} is ${where}: add --transport grpc`);
}
