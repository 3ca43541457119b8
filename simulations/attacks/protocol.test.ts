import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Transport } from "../../client/index.ts";
import { encodeHeader, updateMessage } from "../../core/crypto/envelope.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { verifier } from "../../core/crypto/verify.ts";
import { refuse } from "../../core/errors.ts";
import { bytesOf } from "../../core/tensors/digest.ts";
import type { UpdateHeader } from "../../core/update.ts";
import { norm } from "../../core/vector/norms.ts";
import type { Attack } from "./attack.ts";
import { dropout } from "./dropout.ts";
import { equivocation } from "./equivocation.ts";
import { freeRider } from "./free-rider.ts";
import { replay } from "./replay.ts";
import { stale } from "./stale.ts";
import { insider, notingTransport, payloadOf, sentBy, taskOf, trainerOf, updateOf } from "./testing.ts";
import { weightInflation } from "./weight-inflation.ts";

const { signal } = new AbortController();
const bytes = (value: number) => bytesOf(Float32Array.of(value, -value));

/** Submits the updates of these rounds, each over a session of its own. */
async function submitAll(attack: Attack, honest: Transport, rounds: readonly number[]) {
  const transport = attack.transport?.(honest, insider());
  const answers = [];
  for (const round of rounds) {
    const session = await transport?.connect(signal);
    answers.push(await session?.submit(updateOf(round, bytes(round)), signal));
  }
  return answers;
}

const open = () => refuse("ROUND_NOT_OPEN", "");

test("Replay: each update is followed by the one before it, byte for byte, over whatever session is open", async () => {
  const honest = notingTransport(open);
  await submitAll(replay(), honest, [1, 2, 3]);
  expect(honest.sent.map((it) => [it.header.round, payloadOf(it)[0]])).toEqual([1, 2, 1, 3, 2].map((r) => [r, r]));
});

test("Replay: the client's file is gone by the time its bytes are sent again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-replay-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const honest = notingTransport(open);
  const session = await replay().transport?.(honest, insider()).connect(signal);
  for (const round of [1, 2]) {
    const path = join(folder, `${round}`);
    await writeFile(path, Buffer.concat([Buffer.alloc(4), bytes(round)]));
    const update = { ...updateOf(round, bytes(round)), payload: { path, offset: 4, sizeBytes: 8 } };
    await session?.submit(update, signal);
    await rm(path);
  }
  expect(payloadOf(honest.sent[2] as (typeof honest.sent)[number])).toEqual([1, -1]);
});

test("Replay: what becomes of it is not the client's answer", async () => {
  let calls = 0;
  const honest = notingTransport(() => {
    calls += 1;
    if (calls === 3) throw new Error("the session broke");
    return refuse("DISK_FULL", `${calls}`);
  });
  const answers = await submitAll(replay(), honest, [1, 2]);
  expect(answers).toMatchObject([{ detail: "1" }, { detail: "2" }]);
});

test("Stale: every task is answered with the update before, the first not at all", async () => {
  const honest = notingTransport(() => refuse("ROUND_NOT_OPEN", "too late"));
  const answers = await submitAll(stale(), honest, [1, 2, 3]);
  expect(honest.sent.map((it) => it.header.round)).toEqual([1, 2]);
  expect(answers).toMatchObject([{ detail: "held back" }, { detail: "too late" }, { detail: "too late" }]);
});

test("Equivocation: the second update has the contrary values and a signature that verifies", async () => {
  const honest = notingTransport(open);
  await submitAll(equivocation(), honest, [4]);
  const [first, second] = honest.sent;
  expect([first, second].map((it) => it && payloadOf(it))).toEqual([
    [4, -4],
    [-4, 4],
  ]);
  expect(second?.updateId).not.toBe(first?.updateId);
  const payloadSha256 = sha256(second?.payload.bytes ?? "");
  expect(second?.header).toMatchObject({ round: 4, clientId: first?.header.clientId, payloadSha256 });
  expect(Buffer.from(encodeHeader(second?.header as UpdateHeader)).equals(second?.headerBytes ?? Buffer.of())).toBe(
    true,
  );
  const message = updateMessage(second?.headerBytes ?? new Uint8Array());
  expect(verifier(insider().signer.publicKey).verify(message, second?.signature ?? new Uint8Array())).toBe(true);
});

test("Dropout: updates that never leave, a share of them, and the same ones when it is all run again", async () => {
  const rounds = Array.from({ length: 200 }, (_, i) => i + 1);
  const sentAt = async (rate: number) => {
    const honest = notingTransport(open);
    await submitAll(dropout({ rate }), honest, rounds);
    return honest.sent.map((it) => it.header.round);
  };
  expect(await sentAt(1)).toEqual([]);
  const sent = await sentAt(0.25);
  expect(sent.length).toBeGreaterThan(125);
  expect(sent.length).toBeLessThan(175);
  expect(await sentAt(0.25)).toEqual(sent);
});

test("WeightInflation: honest in all but its claim", async () => {
  const update = await weightInflation({ numExamples: 1e9 })
    .trainer?.(trainerOf([1, 2, 3]), insider())
    .train(taskOf());
  expect(update).toMatchObject({ numExamples: 1e9, metrics: { loss: 0.5 } });
  expect([...(update?.delta ?? [])]).toEqual([1, 2, 3]);
});

test("FreeRider: zeros, or the change since the last round; without training", async () => {
  const idle = { ...trainerOf([]), train: () => Promise.reject(new Error("trained")) };
  expect(await sentBy(freeRider({ disguise: "zero", noiseStdDev: 0 }), insider(), taskOf(), idle)).toEqual([0, 0, 0]);
  const rider = freeRider({ disguise: "lastChange", noiseStdDev: 0 }).trainer?.(idle, insider());
  const models = [
    [1, 1, 1],
    [2, 1, 0],
  ].map((values) => Float32Array.from(values));
  const deltas = [];
  for (const baseModel of models) deltas.push(await rider?.train(taskOf({ baseModel })));
  expect(deltas.map((it) => [...(it?.delta ?? [])])).toEqual([
    [0, 0, 0],
    [1, 0, -1],
  ]);
});

test("FreeRider: noise of that standard deviation hides it", async () => {
  const task = taskOf({ schema: [{ name: "w", shape: [10_000] }], baseModel: new Float32Array(10_000) });
  const delta = await sentBy(freeRider({ disguise: "zero", noiseStdDev: 0.5 }), insider(), task);
  expect(norm(Float32Array.from(delta)) / 100).toBeCloseTo(0.5, 1);
});
