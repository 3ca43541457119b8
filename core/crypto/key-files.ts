import { createPrivateKey } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { FederationError } from "../errors.ts";
import { PKCS8_PREFIX } from "./sign.ts";

/**
 * Writes a key as PKCS #8 PEM (RFC 8410), readable by its owner alone, durably.
 * @throws KEY_FILE_UNSAFE when the file exists: a key is never overwritten
 */
export async function writeKeyFile(path: string, seed: Uint8Array): Promise<void> {
  const base64 = Buffer.concat([PKCS8_PREFIX, seed]).toString("base64");
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw new FederationError("KEY_FILE_UNSAFE", `${path} cannot be made; a key that exists is left as it is`, {
      cause: error,
    });
  });
  try {
    await file.writeFile(`-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The 32-byte seed of a key file. Windows has no file modes: there `warn` is told, and the file is read.
 * @throws KEY_FILE_UNSAFE when it is missing, not an Ed25519 key, or open to group or others
 */
export async function readKeyFile(path: string, warn: (text: string) => void): Promise<Uint8Array> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw new FederationError("KEY_FILE_UNSAFE", `cannot open the key file ${path}`, { cause: error });
  });
  try {
    await checkMode(file, path, warn);
    return seedOf(await file.readFile("utf8"), path);
  } finally {
    await file.close();
  }
}

async function checkMode(file: FileHandle, path: string, warn: (text: string) => void): Promise<void> {
  if (process.platform === "win32") {
    warn(`${path}: this system has no file modes; keep the key file in a folder only you can read`);
    return;
  }
  const { mode } = await file.stat();
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    throw new FederationError("KEY_FILE_UNSAFE", `${path} has mode ${shown}; run: chmod 600 ${path}`);
  }
}

function seedOf(pem: string, path: string): Uint8Array {
  const der = derOf(pem, path);
  if (der.length !== PKCS8_PREFIX.length + 32 || Buffer.compare(der.subarray(0, -32), PKCS8_PREFIX) !== 0) {
    throw new FederationError("KEY_FILE_UNSAFE", `${path} holds another kind of key than Ed25519`);
  }
  return Uint8Array.from(der.subarray(-32));
}

function derOf(pem: string, path: string): Buffer {
  try {
    return createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
  } catch (error) {
    throw new FederationError("KEY_FILE_UNSAFE", `${path} is not an unencrypted PEM key`, { cause: error });
  }
}
