import { readFile, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { z } from "zod";
import { coordinatorIdentity, parseJson } from "../core/bundle.ts";
import { readKeyFile } from "../core/crypto/key-files.ts";
import { coordinatorSigningKey } from "../core/crypto/sign.ts";
import { FederationError } from "../core/errors.ts";
import type { AdminProfile } from "./grpc/admin-client.ts";

const { address, federationId, caCertificatePem } = coordinatorIdentity;
const profileSchema = z.strictObject({
  address,
  federationId,
  caCertificatePem,
  /** The administrator's key, relative to the profile. */
  keyFile: z.string().min(1),
});

type ProfileFields = z.input<typeof profileSchema>;

/** Kept beside the coordinator; copy it with its key to administer from another machine. */
export async function writeAdminProfile(path: string, profile: ProfileFields): Promise<void> {
  const fields = { ...profile, keyFile: relative(dirname(path), profile.keyFile) };
  await writeFile(path, `${JSON.stringify(fields, null, 2)}\n`, { mode: 0o600 });
}

/** @throws FILE_MISSING, CONFIG_INVALID, KEY_FILE_UNSAFE */
export async function readAdminProfile(path: string, warn: (text: string) => void): Promise<AdminProfile> {
  const { keyFile, ...target } = parseJson(await readText(path), profileSchema, path);
  const key = coordinatorSigningKey(await readKeyFile(resolve(dirname(path), keyFile), warn));
  return { ...target, key };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new FederationError("FILE_MISSING", `no admin profile at ${path}`, { cause });
  }
}
