import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clientHome, readProfile, writeProfile } from "./config.ts";
import { makeKey, readKey } from "./keys.ts";
import { PROFILE, temporaryFolder } from "./testing.ts";

const newHome = async () => join(await temporaryFolder(), "home");
const noWarning = (text: string) => {
  throw new Error(text);
};

describe("a client's key", () => {
  test("is read back as it was made", async () => {
    const home = await newHome();
    const made = await makeKey(home);
    const message = Uint8Array.of(1, 2, 3);
    expect((await readKey(home, () => undefined)).sign(message)).toEqual(made.sign(message));
  });

  test("is never overwritten", async () => {
    const home = await newHome();
    const { publicKey } = await makeKey(home);
    await expect(makeKey(home)).rejects.toMatchObject({ code: "KEY_FILE_UNSAFE" });
    expect((await readKey(home, () => undefined)).publicKey).toEqual(publicKey);
  });

  test.skipIf(process.platform === "win32")("is its owner's alone, and refused otherwise", async () => {
    const home = await newHome();
    await makeKey(home);
    const { key } = clientHome(home);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    await readKey(home, noWarning);
    await chmod(key, 0o640);
    await expect(readKey(home, noWarning)).rejects.toMatchObject({ code: "KEY_FILE_UNSAFE" });
  });
});

describe("a client's profile", () => {
  test("is read back as it was written", async () => {
    const home = await temporaryFolder();
    await writeProfile(home, PROFILE);
    expect(await readProfile(home)).toEqual(PROFILE);
  });

  test("before enrolment there is none", async () => {
    await expect(readProfile(await temporaryFolder())).rejects.toThrow("enrol this client first");
  });
});
