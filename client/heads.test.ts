import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256 } from "../core/crypto/sha256.ts";
import { coordinatorSigningKey, newSeed } from "../core/crypto/sign.ts";
import { openReceipt, signHead } from "../core/crypto/statements.ts";
import { verifier } from "../core/crypto/verify.ts";
import { asFederationId, fromHex } from "../core/ids.ts";
import { clientHome } from "./config.ts";
import { openHeads } from "./heads.ts";
import { connectedClient, eventually, heard, outboxIsEmpty, start } from "./participant.contract.ts";
import { receiptsIn } from "./receipts.ts";
import { FakeCoordinator, FEDERATION, fakeParts, logHead, PROFILE, receiptFor, temporaryFolder } from "./testing.ts";

const OTHER_ROOT = sha256("another history");
const FORKED = { code: "LOG_FORKED" };

async function newFile() {
  return join(await temporaryFolder(), "head.json");
}

const open = (path: string, nowMs: () => number = () => 0) =>
  openHeads({ path, profile: PROFILE, clock: { nowMs, monotonicMs: nowMs } });

describe("the newest head", () => {
  test("a session must reach as far; of the same size it has the same root", async () => {
    const heads = await open(await newFile());
    await heads.opened(undefined);
    await heads.opened(logHead(5));
    await heads.opened(logHead(5));
    await expect(heads.opened(logHead(4))).rejects.toMatchObject(FORKED);
    await expect(heads.opened(undefined)).rejects.toMatchObject(FORKED);
    await expect(heads.opened(logHead(5, OTHER_ROOT))).rejects.toMatchObject(FORKED);
    await heads.opened(logHead(6, OTHER_ROOT));
    await expect(heads.opened(logHead(5))).rejects.toThrow("has 5 entries");
  });

  test("a receipt may hold an older head, and never makes the newest one older", async () => {
    const heads = await open(await newFile());
    await heads.received(logHead(5));
    await heads.received(logHead(3));
    await expect(heads.received(logHead(5, OTHER_ROOT))).rejects.toMatchObject(FORKED);
    await expect(heads.opened(logHead(4))).rejects.toMatchObject(FORKED);
  });

  test("survives a restart once saved, and is written at most once a second before", async () => {
    const path = await newFile();
    let now = 0;
    const heads = await open(path, () => now);
    const written = async () => (JSON.parse(await readFile(path, "utf8")) as { size: number }).size;
    await heads.opened(logHead(5));
    expect(await written()).toBe(5);
    now = 999;
    await heads.received(logHead(6));
    expect(await written()).toBe(5);
    now = 1_000;
    await heads.received(logHead(7));
    expect(await written()).toBe(7);
    await heads.received(logHead(8));
    await heads.save();
    await expect((await open(path)).opened(logHead(7))).rejects.toMatchObject(FORKED);
  });

  const fields = { origin: FEDERATION, size: 5, root: OTHER_ROOT, timeMs: 0 };
  test.each([
    ["is no JSON", "{"],
    ["is empty", ""],
    ["holds something else", '{"size":3}'],
    ["was edited", JSON.stringify({ ...logHead(5), size: 4 })],
    ["is signed by another key", JSON.stringify(signHead(fields, coordinatorSigningKey(newSeed())))],
    ["names another federation", JSON.stringify({ ...logHead(5), origin: asFederationId("00".repeat(16)) })],
  ])("a file that %s is said, not started over", async (_what, text) => {
    const path = await newFile();
    await writeFile(path, text);
    await expect(open(path)).rejects.toMatchObject({ code: "DATA_FILE_INVALID" });
  });
});

describe("a client", () => {
  test("stops when the coordinator's log was cut off while it was away", async () => {
    const path = await newFile();
    const before = new FakeCoordinator();
    before.heads = [logHead(5)];
    before.submits = [(updateId) => receiptFor(updateId, { head: logHead(9) })];
    const { client, folder } = await connectedClient({ heads: await open(path) }, before);
    before.push(before.task());
    await heard(before, "submit 1/1");
    await outboxIsEmpty(folder);
    await client.stop();

    const after = new FakeCoordinator();
    after.heads = [logHead(8)];
    const { ended } = start(await fakeParts(after, { heads: await open(path) }));
    expect(await ended).toMatchObject(FORKED);
    expect(after.heard).toEqual(["connect"]);
  });

  test("stops when a receipt shows another history; the update stays in its outbox", async () => {
    const { coordinator, client, parts } = await connectedClient();
    coordinator.submits = [(updateId) => receiptFor(updateId, { head: logHead(1, OTHER_ROOT) })];
    coordinator.push(coordinator.task());
    expect(await client.ended).toMatchObject(FORKED);
    expect(await parts.outbox.unanswered()).toHaveLength(1);
  });

  test("keeps every receipt that verifies, so that it verifies again from the file", async () => {
    const home = clientHome(await temporaryFolder());
    const clock = { nowMs: () => 0, monotonicMs: () => 0 };
    const { coordinator, client } = await connectedClient({ receipts: receiptsIn(home, clock) });
    coordinator.submits = [() => receiptFor(OTHER_ROOT), (updateId) => receiptFor(updateId)];
    for (const round of [1, 2, 3]) {
      coordinator.push(coordinator.task({ round }));
      await heard(coordinator, `submit ${round}/1`);
    }
    await client.stop();
    const lines = async () => (await readFile(home.receipts, "utf8")).trimEnd().split("\n");
    await eventually(async () => expect(await lines()).toHaveLength(2));
    for (const line of await lines()) {
      const { statement, signature } = JSON.parse(line) as { statement: string; signature: string };
      const key = verifier(fromHex(PROFILE.coordinatorKey));
      expect(openReceipt(fromHex(statement), fromHex(signature), key).statement.decision).toBe("admitted");
    }
  });
});
