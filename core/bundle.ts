import { z } from "zod";
import { parseAddress } from "./address.ts";
import { FederationError } from "./errors.ts";
import { asFederationId } from "./ids.ts";

const key = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");

/** Where a coordinator is and how a client knows that it is the right one. */
export const coordinatorIdentity = {
  address: z.string().refine(isAddress, "host:port"),
  federationId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "32 lower-case hex digits")
    .transform(asFederationId),
  /** The only certificate authority the client trusts; null where the consortium chose plaintext. */
  caCertificatePem: z.string().min(1).nullable(),
  /** Raw Ed25519 public keys, hex: of tasks and receipts, and of the journal's heads. */
  coordinatorKey: key,
  logKey: key,
  clientName: z.string().min(1).max(64),
};

const enrollmentBundle = z.strictObject({
  ...coordinatorIdentity,
  /** One use, until `expiresAtMs`. Whoever holds it can enrol under the name: send it as you would a password. */
  token: z.string().min(1).max(256),
  expiresAtMs: z.int().min(0),
});

/** What an operator hands a new site: everything it needs to enrol, and the keys it must insist on. */
export type EnrollmentBundle = z.output<typeof enrollmentBundle>;

/** @throws CONFIG_INVALID, naming the fields */
export function parseBundle(json: string): EnrollmentBundle {
  return parseJson(json, enrollmentBundle, "the enrolment bundle");
}

/** @throws CONFIG_INVALID, naming the fields */
export function parseJson<T>(json: string, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(jsonOf(json));
  if (!parsed.success) throw new FederationError("CONFIG_INVALID", `${what}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function jsonOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isAddress(text: string): boolean {
  try {
    return parseAddress(text).port > 0;
  } catch {
    return false;
  }
}
