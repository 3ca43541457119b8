import type { EnrollmentBundle } from "../../core/bundle.ts";
import { enrollmentMessage } from "../../core/crypto/messages.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import type { SigningKey } from "../../core/crypto/sign.ts";
import { verifyHead } from "../../core/crypto/statements.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { FederationError } from "../../core/errors.ts";
import { asClientId, clientIdOf, fromHex, toHex } from "../../core/ids.ts";
import type { SignedHead } from "../../core/statements.ts";
import { dial } from "../../proto/dial.ts";
import type { EnrollRequest } from "../../proto/generated/holdfast/v1/EnrollRequest.ts";
import type { EnrollResponse__Output as EnrollResponse } from "../../proto/generated/holdfast/v1/EnrollResponse.ts";
import { loadWire } from "../../proto/load.ts";
import { errorOfCall } from "../../proto/status.ts";
import type { ClientProfile } from "../profile.ts";
import { decodeHead } from "./decode.ts";

const ENROLL_WITHIN_MS = 30_000;

export interface Enrolled {
  readonly profile: ClientProfile;
  /** Of the coordinator's log, its signature checked. */
  readonly head: SignedHead | undefined;
}

/**
 * Redeems the bundle's token for the key, and insists that whoever answers is the coordinator of the bundle.
 * @throws TOKEN_INVALID, CLIENT_NAME_TAKEN, PROOF_INVALID, PLAINTEXT_REFUSED, COORDINATOR_UNREACHABLE; MESSAGE_INVALID
 * when the answer is another federation's
 */
export async function enroll(
  bundle: EnrollmentBundle,
  clientName: string,
  signer: SigningKey,
  { forcePlaintext = false } = {},
): Promise<Enrolled> {
  const { token, expiresAtMs: _, ...identity } = bundle;
  const { publicKey } = signer;
  const tokenSha256 = sha256(token);
  const proof = signer.sign(
    enrollmentMessage({ federationId: bundle.federationId, tokenSha256, clientName, publicKey }),
  );
  const response = await call({ ...bundle, forcePlaintext }, { token, clientName, publicKey, proof });
  const head = response.head ? decodeHead(response.head) : undefined;
  assertSameFederation(response, head, bundle, clientName);
  const clientId = asClientId(toHex(response.clientId));
  return { profile: { ...identity, clientName, clientId, keyEpoch: response.keyEpoch }, head };
}

function assertSameFederation(
  response: EnrollResponse,
  head: SignedHead | undefined,
  bundle: EnrollmentBundle,
  clientName: string,
): void {
  const same =
    toHex(response.federationId) === bundle.federationId &&
    toHex(response.coordinatorKey) === bundle.coordinatorKey &&
    toHex(response.logKey) === bundle.logKey &&
    toHex(response.clientId) === clientIdOf(clientName) &&
    (head === undefined || (head.origin === bundle.federationId && verifyHead(head, verifier(fromHex(bundle.logKey)))));
  if (!same) throw new FederationError("MESSAGE_INVALID", "the answer is not from the federation of the bundle");
}

function call(target: Parameters<typeof dial>[0], request: EnrollRequest): Promise<EnrollResponse> {
  const stub = new (loadWire().v1.Enrollment)(...dial(target));
  return new Promise<EnrollResponse>((resolve, reject) => {
    stub.enroll(request, { deadline: Date.now() + ENROLL_WITHIN_MS }, (error, response) => {
      if (response === undefined) reject(error === null ? new Error("no response") : errorOfCall(error));
      else resolve(response);
    });
  }).finally(() => stub.close());
}
