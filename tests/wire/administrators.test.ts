import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { enroll } from "../../client/grpc/enroll.ts";
import { readAdminProfile, writeAdminProfile } from "../../coordinator/admin-profile.ts";
import { adminClient } from "../../coordinator/grpc/admin-client.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import { operatorActions } from "../../coordinator/operate.ts";
import { memoryBlobStore } from "../../coordinator/storage/memory-blob-store.ts";
import { memoryJournal } from "../../coordinator/storage/memory-journal.ts";
import { testFederation, testHome } from "../../coordinator/testing.ts";
import { systemClock } from "../../core/clock.ts";
import { writeKeyFile } from "../../core/crypto/key-files.ts";
import { clientSigningKey, coordinatorSigningKey, newSeed } from "../../core/crypto/sign.ts";

const refusedWith = (code: string) => expect.objectContaining({ code });
const PLAN = `
job: plain
model: { builtin: softmax, inputs: 3, classes: 2 }
rounds: 1
round: { quorum: 1, minUpdates: 1 }
aggregation: { rule: { name: FedAvg }, numByzantine: 0 }
`;
const CENTRAL = "privacy: { mode: central, clipNorm: 1, noiseMultiplier: 1, delta: 0.001, maxEpsilon: 50 }";

/** A coordinator that listens, and the commands of its administrators with what they print. */
async function site() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-admins-"));
  const seed = newSeed();
  const home = { ...testHome(), adminKey: coordinatorSigningKey(seed) };
  const { federationId, logKey } = home;
  const journal = memoryJournal({ origin: federationId, logKey, clock: systemClock });
  const blobs = memoryBlobStore(folder);
  const founder = join(folder, "founder.json");
  await writeKeyFile(join(folder, "founder.key"), seed);

  async function begin() {
    const { coordinator } = await testFederation(0, { home, journal, blobs });
    const server = await startServer({ parts: coordinator.parts, address: "127.0.0.1:0", tls: undefined });
    const address = `127.0.0.1:${server.port}`;
    const profile = { address, federationId, caCertificatePem: null };
    for (const name of ["founder", "anna"]) {
      await writeAdminProfile(join(folder, `${name}.json`), { ...profile, keyFile: join(folder, `${name}.key`) });
    }
    return { coordinator, server };
  }
  let serving = await begin();
  onTestFinished(async () => {
    await serving.server.stop();
    await serving.coordinator.close();
    await rm(folder, { recursive: true });
  });
  const lines: string[] = [];
  const warnings: string[] = [];
  return {
    folder,
    founder,
    act: operatorActions(
      (line) => lines.push(line),
      (line) => warnings.push(line),
    ),
    warned: () => warnings.splice(0),
    printed: () => lines.splice(0),
    async restart() {
      await serving.server.stop();
      serving = await begin();
    },
  };
}

const lower = { delta: 1e-3, adjacency: "zero-out", client: [], reason: "agreed", yes: false } as const;
const idIn = (line: string | undefined) => /[0-9a-f]{64}/.exec(line ?? "")?.[0] ?? "none";

test("one administrator lowers a ceiling, two raise it, and the coordinator's restart forgets nothing of it", async () => {
  const { folder, founder, act, printed, restart } = await site();
  const anna = join(folder, "anna.json");
  await act.adminKeygen({ out: join(folder, "anna.key") });
  const [publicKey = ""] = printed();
  await act.addAdmin({ profile: founder, name: "anna", publicKey, out: anna, reason: "data protection officer" });
  await act.setCeiling({ ...lower, profile: founder, maxEpsilon: 4 });
  await act.setCeiling({ ...lower, profile: anna, maxEpsilon: 3 });
  expect(printed()).toEqual([
    `administrator anna with the key ${publicKey}: done`,
    "ceiling for everyone: epsilon 4 at delta 0.001, zero-out: done",
    "ceiling for everyone: epsilon 3 at delta 0.001, zero-out: done",
  ]);

  await act.setCeiling({ ...lower, profile: anna, maxEpsilon: 9 });
  const change = idIn(printed()[0]);
  await expect(act.approveChange({ profile: anna, change })).rejects.toEqual(refusedWith("SECOND_PERSON_NEEDED"));
  await restart();
  await act.showPrivacy({ profile: founder, json: false });
  const shown = printed();
  expect(shown).toContain("ceiling          for everyone: epsilon 3 at delta 0.001, zero-out");
  expect(shown.find((line) => line.startsWith("waiting"))).toContain(`proposed by anna: ${change}`);
  await act.approveChange({ profile: founder, change });
  expect(printed()).toEqual(["ceiling for everyone: epsilon 9 at delta 0.001, zero-out (agreed): done"]);
  await expect(act.approveChange({ profile: founder, change })).rejects.toEqual(refusedWith("CHANGE_UNKNOWN"));

  await act.showPrivacy({ profile: anna, json: true });
  const report = JSON.parse(printed()[0] ?? "");
  expect(report).toMatchObject({ ceilings: [{ clients: "everyone", maxEpsilon: 9 }], proposals: [], sequence: 5 });
  await act.listAdmins({ profile: anna });
  expect(printed()[1]).toBe(`anna\t${publicKey}`);
});

test("an administrator of the register may do what the founder may; nobody else may, whoever they say they are", async () => {
  const { folder, founder, act, printed } = await site();
  const anna = join(folder, "anna.json");
  await act.adminKeygen({ out: join(folder, "anna.key") });
  const [publicKey = ""] = printed();
  const profile = await readAdminProfile(founder, () => undefined);
  const stranger = adminClient({ ...profile, key: clientSigningKey(newSeed()) });
  await expect(stranger.listJobs()).rejects.toEqual(refusedWith("ADMIN_UNAUTHORIZED"));
  const borrowed = adminClient({
    ...profile,
    key: { ...clientSigningKey(newSeed()), publicKey: profile.key.publicKey },
  });
  await expect(borrowed.listJobs()).rejects.toEqual(refusedWith("ADMIN_UNAUTHORIZED"));

  await act.addAdmin({ profile: founder, name: "anna", publicKey, out: anna, reason: "second" });
  expect(JSON.parse(await readFile(anna, "utf8"))).toMatchObject({ keyFile: "anna.key" });
  await act.listJobs({ profile: anna });
  const again = { profile: founder, name: "anna", publicKey, out: `${anna}.2`, reason: "again" };
  await expect(act.addAdmin(again)).rejects.toEqual(refusedWith("CONFIG_INVALID"));
  const leaves = { profile: founder, name: "anna", reason: "left" };
  await expect(act.removeAdmin(leaves)).rejects.toEqual(refusedWith("SECOND_PERSON_NEEDED"));
  await expect(act.removeAdmin({ ...leaves, name: "nobody" })).rejects.toEqual(refusedWith("CONFIG_INVALID"));
  stranger.close();
  borrowed.close();
});

test("a ceiling holds against the plan of any one administrator, and for the clients it names only", async () => {
  const { folder, founder, act, printed } = await site();
  const admin = adminClient(await readAdminProfile(founder, () => undefined));
  onTestFinished(() => admin.close());
  const bundle = await admin.inviteClient("north", 60_000);
  await enroll(bundle, "north", clientSigningKey(newSeed()));
  const start = async (changes: string) => {
    const plan = join(folder, "plan.yaml");
    await writeFile(plan, `${PLAN}${changes}\n`);
    await act.startJob({ profile: founder, plan, watch: false });
  };
  const stranger = act.setCeiling({ ...lower, profile: founder, maxEpsilon: 1, client: ["nobody"], yes: true });
  await expect(stranger).rejects.toEqual(refusedWith("CLIENT_UNKNOWN"));
  await act.setCeiling({ ...lower, profile: founder, maxEpsilon: 1, client: ["north"], yes: true });
  await expect(start("")).rejects.toMatchObject({
    code: "PRIVACY_BUDGET_SPENT",
    message: expect.stringMatching(/client north: .*accepted: mode central or local/),
  });
  await expect(start(CENTRAL)).rejects.toEqual(refusedWith("PRIVACY_BUDGET_SPENT"));
  printed();
  await start(CENTRAL.replace("noiseMultiplier: 1", "noiseMultiplier: 8"));
  const [, jobId = ""] = /^job (\w+) started/.exec(printed()[0] ?? "") ?? [];
  await act.showPrivacy({ profile: founder, job: jobId, json: true });
  const { job, groups } = JSON.parse(printed()[0] ?? "");
  expect(job).toMatchObject({ jobId, mode: "central", maxEpsilon: 50, contract: { unit: "client", rounds: 0 } });
  expect(groups).toMatchObject([{ clients: ["north"], spent: 0, left: 50, ceilings: [{ maxEpsilon: 1, spent: 0 }] }]);
  expect(groups[0].afterNext).toBeGreaterThan(0);
  await act.showPrivacy({ profile: founder, job: jobId, json: false });
  expect(printed().join("\n")).toContain("unit             one client");
  await expect(admin.showPrivacy("0c".repeat(16) as never)).rejects.toEqual(refusedWith("JOB_UNKNOWN"));
});

test("who is the only administrator sets no ceiling by mistake: nobody could lift it again", async () => {
  const { founder, act, printed } = await site();
  await expect(act.setCeiling({ ...lower, profile: founder, maxEpsilon: 0 })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("holdfast admins add"),
  });
  await act.showPrivacy({ profile: founder, json: true });
  expect(JSON.parse(printed()[0] ?? "")).toMatchObject({ ceilings: [], sequence: 1 });
  await act.setCeiling({ ...lower, profile: founder, maxEpsilon: 0, yes: true });
  expect(printed()).toEqual(["ceiling for everyone: epsilon 0 at delta 0.001, zero-out: done"]);
});

test("a ceiling at a delta above 1/N is warned of", async () => {
  const { founder, act, warned } = await site();
  const admin = adminClient(await readAdminProfile(founder, () => undefined));
  onTestFinished(() => admin.close());
  for (const name of ["north", "east"]) {
    await enroll(await admin.inviteClient(name, 60_000), name, clientSigningKey(newSeed()));
  }
  const set = (delta: number, maxEpsilon: number) =>
    act.setCeiling({ ...lower, profile: founder, delta, maxEpsilon, yes: true });
  await set(0.6, 4);
  expect(warned()).toEqual([expect.stringContaining("delta 0.6 is above 1/2")]);
  await set(0.5, 3);
  expect(warned()).toEqual([]);
});
