import { readKeyFile, writeKeyFile } from "../core/crypto/key-files.ts";
import { clientSigningKey, newSeed, type SigningKey } from "../core/crypto/sign.ts";
import { clientHome, makeFolder } from "./config.ts";

/**
 * Makes this client's key, and the home folder where there is none.
 * @throws KEY_FILE_UNSAFE when there is a key already: it is never overwritten
 */
export async function makeKey(home: string): Promise<SigningKey> {
  await makeFolder(home);
  const seed = newSeed();
  await writeKeyFile(clientHome(home).key, seed);
  return clientSigningKey(seed);
}

/** @throws KEY_FILE_UNSAFE */
export async function readKey(home: string, warn: (text: string) => void): Promise<SigningKey> {
  return clientSigningKey(await readKeyFile(clientHome(home).key, warn));
}
