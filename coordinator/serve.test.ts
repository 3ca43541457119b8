import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../core/clock.ts";
import { secureRandom } from "../core/random/secure.ts";
import { readAdminProfile } from "./admin-profile.ts";
import { homePaths, initHome, openHome } from "./config.ts";
import { adminClient } from "./grpc/admin-client.ts";
import { dialable, serve } from "./serve.ts";
import { openFileBlobStore } from "./storage/file-blob-store.ts";
import { openSqliteJournal } from "./storage/sqlite-journal.ts";
import { testFederation } from "./testing.ts";

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

test("jobs go on before the port opens: nobody is told that a job which goes on is unknown", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-serve-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await initHome({ folder, name: "test", hosts: [], clock: systemClock, random: secureRandom });
  const home = await openHome(folder, () => undefined);
  const { journal: path, blobs } = homePaths(folder);
  const openJournal = () =>
    openSqliteJournal({ path, origin: home.federationId, logKey: home.logKey, clock: systemClock });

  // a process that died between the start of a job and its first round
  const journal = await openJournal();
  const append = journal.append.bind(journal);
  journal.append = (entries, inline) =>
    entries[0]?.event.type === "RoundOpened" ? new Promise(() => undefined) : append(entries, inline);
  const federation = await testFederation(1, { home, journal, blobs: await openFileBlobStore(blobs) });
  await federation.coordinator.parts.jobs.start(ONE_CLIENT, folder);
  journal.close();

  const occupied = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void occupied.close());
  await once(occupied, "listening");
  const { port } = occupied.address() as AddressInfo;
  const listening = { listen: `127.0.0.1:${port}`, plaintext: true, forcePlaintext: false };
  const options = { home: folder, ...listening, logLevel: "silent", rowBudgetMib: 1, threads: 1 };
  const serving = serve(options, pino({ level: "silent" }), () => undefined);
  await expect(serving).rejects.toMatchObject({ code: "PORT_IN_USE" });

  const after = await openJournal();
  onTestFinished(() => after.close());
  expect(after.read(0, 100).map(({ event }) => event.type)).toContain("RoundOpened");
});

const ONE_CLIENT = `
job: goes-on
model: { builtin: softmax, inputs: 3, classes: 2 }
rounds: 1
round: { quorum: 1, minUpdates: 1, deadlineMs: 60000 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;
