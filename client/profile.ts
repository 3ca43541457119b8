import { z } from "zod";
import { coordinatorIdentity, parseJson } from "../core/bundle.ts";
import { asClientId } from "../core/ids.ts";

const clientProfile = z.strictObject({
  ...coordinatorIdentity,
  clientId: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "32 lower-case hex digits")
    .transform(asClientId),
  keyEpoch: z.int().min(0),
});

/** Who this client is and which coordinator it trusts: what enrolment leaves behind. It holds nothing secret. */
export type ClientProfile = z.output<typeof clientProfile>;

/** @throws CONFIG_INVALID, naming the fields */
export function parseProfile(json: string): ClientProfile {
  return parseJson(json, clientProfile, "the client profile");
}
