import { access, readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { parseBundle } from "../core/bundle.ts";
import { FederationError } from "../core/errors.ts";
import { clientHome, writeProfile } from "./config.ts";
import { enroll } from "./grpc/enroll.ts";
import { writeHead } from "./heads.ts";
import { readKey } from "./keys.ts";
import type { ClientProfile } from "./profile.ts";

export interface EnrollOptions {
  readonly home: string;
  /** The enrolment bundle of the coordinator's operator. */
  readonly bundle: string;
  readonly forcePlaintext: boolean;
}

/**
 * Redeems the bundle for the home's key and keeps the profile, written last: without it the bundle may be redeemed
 * again, with the same key.
 * @throws FILE_MISSING, CONFIG_INVALID when the home is enrolled already, KEY_FILE_UNSAFE, and what the coordinator
 * refuses with
 */
export async function enrollHome(options: EnrollOptions, log: Logger): Promise<ClientProfile> {
  const { profile: path, head: headPath } = clientHome(options.home);
  if (await exists(path)) throw new FederationError("CONFIG_INVALID", `${path}: this client is enrolled already`);
  const json = await readFile(options.bundle, "utf8").catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `cannot read the enrolment bundle ${options.bundle}`, { cause });
  });
  const bundle = parseBundle(json);
  const signer = await readKey(options.home, (text) => log.warn(text));
  const { forcePlaintext } = options;
  const { profile, head } = await enroll(bundle, bundle.clientName, signer, { forcePlaintext });
  if (head !== undefined) await writeHead(headPath, head);
  await writeProfile(options.home, profile);
  return profile;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
