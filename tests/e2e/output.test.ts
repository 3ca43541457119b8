import { once } from "node:events";
import { open } from "node:fs/promises";
import { expect, test } from "vitest";
import { BUILT, run } from "./federation.ts";

const LIST = ["aggregate", "--list"];

test.runIf(process.platform === "linux")(
  "an output that cannot be written is an error, and said to be one",
  async () => {
    const full = await open("/dev/full", "w");
    try {
      const child = run(BUILT, LIST, { stdio: ["ignore", full.fd, "pipe"] });
      let said = "";
      child.stderr?.on("data", (chunk) => {
        said += chunk;
      });
      const [code] = await once(child, "close");
      expect([code, said]).toEqual([1, expect.stringMatching(/^STORAGE_FAILED: cannot write the output: ENOSPC/)]);
    } finally {
      await full.close();
    }
  },
);

test("a reader that has seen enough may leave", async () => {
  const child = run(BUILT, LIST);
  child.stdout?.destroy();
  const [code] = await once(child, "close");
  expect(code).toBe(0);
});
