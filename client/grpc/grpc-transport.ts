import type { Logger } from "pino";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { fromHex } from "../../core/ids.ts";
import { dial } from "../../proto/dial.ts";
import { loadWire } from "../../proto/load.ts";
import type { ClientProfile } from "../profile.ts";
import type { Transport } from "../transport.ts";
import { openSession } from "./session.ts";

export interface GrpcTransportOptions {
  readonly profile: ClientProfile;
  readonly signer: SigningKey;
  readonly log: Logger;
  /** Plaintext beyond loopback, because somebody asked for it by name. */
  readonly forcePlaintext?: boolean;
}

/**
 * The way to the coordinator by gRPC: one HTTP/2 connection for control and transfers.
 * @throws PLAINTEXT_REFUSED, PUBLIC_KEY_WEAK
 */
export function grpcTransport({ profile, signer, log, forcePlaintext = false }: GrpcTransportOptions): Transport {
  const stub = new (loadWire().v1.Participation)(...dial({ ...profile, forcePlaintext }));
  const coordinator = verifier(fromHex(profile.coordinatorKey));
  const journal = verifier(fromHex(profile.logKey));
  return {
    connect: (signal) => openSession({ stub, profile, signer, coordinator, journal, log }, signal),
    close: () => stub.close(),
  };
}
