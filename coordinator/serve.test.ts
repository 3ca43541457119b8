import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../core/clock.ts";
import { secureRandom } from "../core/random/secure.ts";
import { readAdminProfile } from "./admin-profile.ts";
import { homePaths, initHome } from "./config.ts";
import { adminClient } from "./grpc/admin-client.ts";
import { dialable, serve } from "./serve.ts";

test("every interface is dialled over loopback, any other address as it is", () => {
  expect(dialable("0.0.0.0:7443")).toBe("127.0.0.1:7443");
  expect(dialable("[::]:7443")).toBe("[::1]:7443");
  expect(dialable("192.0.2.7:7443")).toBe("192.0.2.7:7443");
  expect(dialable("coordinator.example:7443")).toBe("coordinator.example:7443");
});

test("a coordinator that listens on every interface is administered with the profile it wrote", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-serve-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await initHome({ folder, name: "test", hosts: [], clock: systemClock, random: secureRandom });
  const listening = { listen: "0.0.0.0:0", plaintext: false, forcePlaintext: false };
  const named = { home: folder, ...listening, logLevel: "silent", rowBudgetMib: 1 };
  const nameless = serve(named, pino({ level: "silent" }), () => undefined);
  await expect(nameless).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("--public-address"),
  });
  const options = { ...named, publicAddress: "coordinator.example:8470" };
  const serving = await serve(options, pino({ level: "silent" }), () => undefined);
  onTestFinished(() => serving.stop());
  const profile = await readAdminProfile(homePaths(folder).adminProfile, () => undefined);
  expect(profile.address).toBe(serving.address.replace("0.0.0.0", "127.0.0.1"));
  const admin = adminClient(profile);
  onTestFinished(() => admin.close());
  expect(await admin.listJobs()).toEqual([]);
});
