import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { ControlMessage, Session, Transport } from "../../client/index.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import type { SignedUpdate } from "../../core/update.ts";
import type { Detour } from "./attack.ts";
import { slowLoris } from "./slow-loris.ts";
import { updateOf } from "./testing.ts";

const FREE_BYTES = 32 * 1024;
const { signal } = new AbortController();
const HEADER = new Uint8Array(300);
const SIGNATURE = new Uint8Array(64);

/** Of a payload of so many bytes. */
const updateWith = (payloadBytes: number, round = 1): SignedUpdate =>
  ({ ...updateOf(round, new Uint8Array(payloadBytes)), headerBytes: HEADER, signature: SIGNATURE }) as SignedUpdate;

/** A submitted update, its end in the hands of the test. */
interface Submitted {
  readonly update: SignedUpdate;
  readonly isAborted: () => boolean;
  readonly answer: (refusal: Refusal) => void;
  readonly lose: () => void;
}

/** A server behind the detour, a connection to it, and a session whose uploads go that way. */
async function besieged(bytesPerSecond: number) {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("data", (chunk: Buffer) => received.push(chunk)).on("error", () => undefined);
    socket.write("welcome");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const detour = (await slowLoris({ bytesPerSecond }).detour?.(`127.0.0.1:${port}`)) as Detour;
  onTestFinished(async () => {
    await detour.close();
    server.close();
  });

  const [host, nearPort] = detour.address.split(":");
  const dial = async () => {
    const socket = connect(Number(nearPort), host).on("error", () => undefined);
    const [welcome] = (await once(socket, "data")) as [Buffer];
    expect(welcome.toString()).toBe("welcome");
    return socket;
  };

  const messages = new PassThrough({ objectMode: true });
  const submitted: Submitted[] = [];
  const submit: Session["submit"] = (update, until) =>
    new Promise((resolve, reject) => {
      const lose = () => reject(new Error("the session broke"));
      submitted.push({ update, isAborted: () => until.aborted, answer: resolve, lose });
    });
  const honest = { connect: async () => ({ messages, submit }) as unknown as Session, close: () => undefined };
  const transport: Transport = detour.through(honest);
  const session = await transport.connect(signal);
  const heard = session.messages[Symbol.asyncIterator]();
  return {
    detour,
    dial,
    transport,
    session,
    submitted,
    numReceived: () => received.reduce((total, chunk) => total + chunk.length, 0),
    received: () => Buffer.concat(received),
    /** The session's reader has heard the message. */
    async hear(message: object) {
      messages.write(message);
      expect(await heard.next()).toEqual({ done: false, value: message });
    },
  };
}

const about = (update: SignedUpdate) => {
  const { jobId, round, attempt } = update.header;
  return { jobId, round, attempt };
};
const roundClosed = (update: SignedUpdate, changes: object = {}) =>
  ({ type: "roundClosed", task: { ...about(update), ...changes } }) as unknown as ControlMessage;

test("all bytes of a client that uploads nothing go either way at once", async () => {
  const { dial, received, numReceived, detour } = await besieged(1);
  const socket = await dial();
  const sent = Buffer.from(Array.from({ length: 10 * FREE_BYTES }, (_, i) => i % 251));
  socket.write(sent);
  await expect.poll(numReceived).toBe(sent.length);
  expect(received().equals(sent)).toBe(true);
  const closed = once(socket, "close");
  await detour.close();
  await closed;
});

test("an upload is given up at once; its first bytes go at full speed", async () => {
  const { dial, session, submitted, numReceived } = await besieged(1);
  const socket = await dial();
  expect(await session.submit(updateWith(4 * FREE_BYTES), signal)).toMatchObject({ refused: "ROUND_NOT_OPEN" });
  expect(submitted.map((it) => it.isAborted())).toEqual([false]);
  socket.write(Buffer.alloc(2 * FREE_BYTES));
  await expect.poll(numReceived).toBeGreaterThanOrEqual(FREE_BYTES);
  expect(numReceived()).toBeLessThan(FREE_BYTES + 100);
});

test("then hardly any pass per second, in however small portions they come", async () => {
  const { dial, session, numReceived } = await besieged(2_000);
  const socket = (await dial()).setNoDelay();
  const since = performance.now();
  await session.submit(updateWith(4 * FREE_BYTES), signal);
  socket.write(Buffer.alloc(FREE_BYTES));
  for (let k = 0; k < 40; k++) {
    socket.write(Buffer.alloc(100));
    await sleep(5);
    expect(numReceived()).toBeLessThanOrEqual(FREE_BYTES + 2 * (performance.now() - since) + 1);
  }
  await expect.poll(numReceived).toBeGreaterThan(FREE_BYTES + 500);
});

test("at any speed it never ends before its round does; then nothing is held back", async () => {
  const { dial, session, submitted, numReceived, hear } = await besieged(1e9);
  const socket = await dial();
  const update = updateWith(1_000);
  await session.submit(update, signal);
  const whole = HEADER.length + SIGNATURE.length + 1_000;
  socket.write(Buffer.alloc(whole));
  await expect.poll(numReceived).toBe(whole - 1);
  await hear({ type: "task" });
  await hear(roundClosed(update, { jobId: "0b".repeat(16) }));
  await hear(roundClosed(update, { round: 2 }));
  await hear(roundClosed(update, { attempt: 1 }));
  await hear({ type: "jobEnded", jobId: "0b".repeat(16) });
  await sleep(200);
  expect(numReceived()).toBe(whole - 1);
  expect(submitted.map((it) => it.isAborted())).toEqual([false]);
  await hear(roundClosed(update));
  expect(submitted.map((it) => it.isAborted())).toEqual([true]);
  await expect.poll(numReceived).toBe(whole);
});

test.each([
  ["its job has ended", (update: SignedUpdate) => ({ type: "jobEnded", jobId: update.header.jobId })],
  ["its task is cancelled", (update: SignedUpdate) => ({ type: "cancel", task: about(update) })],
])("nothing is held back once %s", async (_, messageOn) => {
  const { dial, session, numReceived, hear } = await besieged(1);
  const socket = await dial();
  const update = updateWith(2 * FREE_BYTES);
  await session.submit(update, signal);
  socket.write(Buffer.alloc(2 * FREE_BYTES));
  await hear(messageOn(update));
  await expect.poll(numReceived).toBe(2 * FREE_BYTES);
});

test("an upload that the coordinator gives up narrows the way no more, unless another has begun", async () => {
  const { dial, session, submitted, numReceived } = await besieged(1);
  const socket = await dial();
  await session.submit(updateWith(2 * FREE_BYTES, 1), signal);
  await session.submit(updateWith(2 * FREE_BYTES, 2), signal);
  expect(submitted.map((it) => it.isAborted())).toEqual([true, false]);
  socket.write(Buffer.alloc(2 * FREE_BYTES));
  await expect.poll(numReceived).toBeGreaterThanOrEqual(FREE_BYTES);
  submitted[0]?.answer(refuse("UPLOAD_TOO_SLOW", ""));
  await sleep(200);
  expect(numReceived()).toBeLessThan(FREE_BYTES + 100);
  submitted[1]?.answer(refuse("UPLOAD_TOO_SLOW", ""));
  await expect.poll(numReceived).toBe(2 * FREE_BYTES);
});

test.each([
  ["breaks", ({ submitted }: Awaited<ReturnType<typeof besieged>>) => submitted[0]?.lose()],
  ["is opened anew", ({ transport }: Awaited<ReturnType<typeof besieged>>) => void transport.connect(signal)],
])("when the session %s, what was held back goes with its connection, and the way is wide", async (_, end) => {
  const siege = await besieged(1);
  const { dial, session, numReceived } = siege;
  const socket = await dial();
  await session.submit(updateWith(2 * FREE_BYTES), signal);
  socket.write(Buffer.alloc(2 * FREE_BYTES));
  await expect.poll(numReceived).toBeGreaterThanOrEqual(FREE_BYTES);
  const closed = once(socket, "close");
  end(siege);
  await closed;
  expect(numReceived()).toBeLessThan(FREE_BYTES + 100);
  const before = numReceived();
  (await dial()).write(Buffer.alloc(2 * FREE_BYTES));
  await expect.poll(numReceived).toBe(before + 2 * FREE_BYTES);
});

test("what is submitted when its round is over already narrows nothing", async () => {
  const { dial, session, submitted, numReceived, hear } = await besieged(1);
  const socket = await dial();
  const update = updateWith(2 * FREE_BYTES);
  await hear(roundClosed(update));
  expect(await session.submit(update, signal)).toMatchObject({ refused: "ROUND_NOT_OPEN" });
  expect(submitted).toEqual([]);
  socket.write(Buffer.alloc(2 * FREE_BYTES));
  await expect.poll(numReceived).toBe(2 * FREE_BYTES);
});

test("a connection that has nothing under way stays when a session is opened anew", async () => {
  const { dial, transport, numReceived } = await besieged(1);
  const socket = await dial();
  await transport.connect(signal);
  socket.write(Buffer.alloc(10));
  await expect.poll(numReceived).toBe(10);
});

test("the payload is in memory before the client forgets its file", async () => {
  const { session, submitted } = await besieged(1);
  const update = updateWith(8);
  await session.submit(update, signal);
  const { bytes } = submitted[0]?.update.payload ?? {};
  expect(bytes).toEqual(update.payload.bytes);
  expect(bytes).not.toBe(update.payload.bytes);
});
