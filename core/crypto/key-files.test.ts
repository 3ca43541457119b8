import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { toHex } from "../ids.ts";
import { readKeyFile, writeKeyFile } from "./key-files.ts";
import { newSeed } from "./sign.ts";

const unsafe = expect.objectContaining({ code: "KEY_FILE_UNSAFE" });
const seed = newSeed();
const onPosix = test.skipIf(process.platform === "win32");
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-keys-"));
  path = join(folder, "client.pem");
});
afterEach(() => rm(folder, { recursive: true }));

describe("a key file", () => {
  test("gives back the seed that was written", async () => {
    const warn = vi.fn();
    await writeKeyFile(path, seed);
    expect(toHex(await readKeyFile(path, warn))).toBe(toHex(seed));
    if (process.platform !== "win32") expect(warn).not.toHaveBeenCalled();
  });

  test("is PKCS #8 PEM, byte for byte what node:crypto writes", async () => {
    await writeKeyFile(path, new Uint8Array(32).fill(9));
    expect(await readFile(path, "utf8")).toBe(
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ\n-----END PRIVATE KEY-----\n",
    );
  });

  onPosix("is the owner's alone", async () => {
    await writeKeyFile(path, seed);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("is never overwritten", async () => {
    await writeKeyFile(path, seed);
    await expect(writeKeyFile(path, newSeed())).rejects.toThrow(unsafe);
    expect(toHex(await readKeyFile(path, () => undefined))).toBe(toHex(seed));
  });

  onPosix.each([0o640, 0o604, 0o620, 0o601, 0o777])("of mode %o is refused, with the remedy", async (mode) => {
    await writeKeyFile(path, seed);
    await chmod(path, mode);
    await expect(readKeyFile(path, () => undefined)).rejects.toThrow(unsafe);
    await expect(readKeyFile(path, () => undefined)).rejects.toThrow(/chmod 600/);
  });

  onPosix("of mode 0400 is fine", async () => {
    await writeKeyFile(path, seed);
    await chmod(path, 0o400);
    expect(toHex(await readKeyFile(path, () => undefined))).toBe(toHex(seed));
  });

  test("is read with a warning where there are no file modes", async () => {
    await writeKeyFile(path, seed);
    await chmod(path, 0o644);
    const platform = vi.spyOn(process, "platform", "get").mockReturnValue("win32");
    const warnings: string[] = [];
    expect(toHex(await readKeyFile(path, (text) => warnings.push(text)))).toBe(toHex(seed));
    expect(warnings).toEqual([expect.stringContaining(path)]);
    platform.mockRestore();
  });

  const pem = { type: "pkcs8", format: "pem" } as const;
  test.each([
    ["empty", ""],
    ["not PEM", "seed"],
    ["cut off", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n"],
    ["of another curve", generateKeyPairSync("x25519").privateKey.export(pem)],
    ["of another kind", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(pem)],
    ["a public key", generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" })],
  ])("that is %s is refused", async (_, text) => {
    await writeFile(path, text, { mode: 0o600 });
    await expect(readKeyFile(path, () => undefined)).rejects.toThrow(unsafe);
  });

  test("that is missing is refused by name", async () => {
    await expect(readKeyFile(path, () => undefined)).rejects.toThrow(unsafe);
    await expect(readKeyFile(path, () => undefined)).rejects.toThrow(path);
  });
});
