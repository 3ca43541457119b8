import { expect, test } from "vitest";
import type { Event } from "../../coordinator/rounds/events.ts";
import { merkleRoot } from "../../core/crypto/merkle.ts";
import { type PublicLeaf, publicLeafHash } from "../../core/crypto/public-leaf.ts";
import { clientIdOf } from "../../core/ids.ts";
import type { LogLeaves__Output as LogLeaves } from "../../proto/generated/holdfast/v1/LogLeaves.ts";
import { type WireFederation, wireFederation } from "./federation.ts";
import { callRaw, codeOf, collect, rawClient, rawSession, wire } from "./raw-client.ts";

const { ReadLog } = wire.v1.Participation.service;
const signal = () => AbortSignal.timeout(20_000);

const revoked = (reason: string): { event: Event } => ({
  event: { type: "ClientRevoked", clientId: clientIdOf("site"), reason, atMs: 0 },
});

/** @param sizes of the reasons, bytes */
async function withLog(...sizes: readonly number[]): Promise<WireFederation> {
  const federation = await wireFederation();
  await federation.parts.journal.append(sizes.map((size, i) => revoked(String(i % 10).repeat(size))));
  return federation;
}

/** A stream of the raw client, and the messages of it. */
async function reading({ address, enrol }: WireFederation, name = "site") {
  const { client, metadata } = await rawSession(address, enrol(name));
  return (fromIndex: number, size: number) =>
    client.makeServerStreamRequest(
      ReadLog.path,
      ReadLog.requestSerialize,
      ReadLog.responseDeserialize,
      { fromIndex, size },
      metadata,
    );
}

test("the leaves arrive whole and in order, and lead to the root of the session's head", async () => {
  const federation = await withLog(...Array.from({ length: 200 }, (_, i) => i));
  const session = await federation.connect("site");
  const leaves: PublicLeaf[] = [];
  await session.readLog(200, (leaf) => leaves.push(leaf), signal());
  expect(merkleRoot(leaves.map(publicLeafHash))).toBe(session.head?.root);
  expect(session.head?.size).toBe(200);
});

test("a log that is still shorter than what is asked for ends where it ends", async () => {
  const session = await (await withLog(1, 2)).connect("site");
  let count = 0;
  await session.readLog(9, () => count++, signal());
  expect(count).toBe(2);
});

test("from an index on, and no message longer than it has to be", async () => {
  const federation = await withLog(5, 300_000, 200_000, 70_000, 5, 5);
  const read = await reading(federation);
  const messages = await collect<LogLeaves>(read(1, 5));
  expect(messages.map(({ leaves }) => leaves.length)).toEqual([1, 1, 2]);
  expect(messages.flatMap(({ leaves }) => leaves)).toHaveLength(4);
  expect(await collect(read(6, 9))).toEqual([]);
});

test("one client reads it once at a time; another one, or the same again after that, may", async () => {
  const federation = await withLog(...Array.from({ length: 60 }, () => 200_000));
  const read = await reading(federation);
  const first = read(0, 60);
  await new Promise((resolve) => first.once("readable", resolve));
  expect(codeOf(await collect(read(0, 60)).then(undefined, (error) => error))).toBe("RATE_EXCEEDED");
  const other = await reading(federation, "other");
  expect(await collect(other(0, 1))).toHaveLength(1);
  first.on("error", () => undefined).cancel();
  await expect.poll(() => collect(read(0, 1)).then((it) => it.length, codeOf)).toBe(1);
});

test("whoever has no session learns nothing", async () => {
  const { address } = await withLog(1);
  const body = Buffer.from(ReadLog.requestSerialize({ fromIndex: 0, size: 1 }));
  await expect(callRaw(rawClient(address), ReadLog, body).catch(codeOf)).resolves.toBe("SESSION_INVALID");
});

test("a session that ends takes its reading with it", async () => {
  const federation = await withLog(...Array.from({ length: 60 }, () => 200_000));
  const read = await reading(federation);
  const call = read(0, 60);
  await new Promise((resolve) => call.once("readable", resolve));
  federation.parts.sessions.end(clientIdOf("site"), "CLIENT_REVOKED");
  expect(codeOf(await collect(call).then(undefined, (error) => error))).toBe("CLIENT_REVOKED");
});
