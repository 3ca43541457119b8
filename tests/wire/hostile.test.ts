import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { gzipSync } from "node:zlib";
import { connectivityState, Metadata } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { clientIdOf, fromHex } from "../../core/ids.ts";
import { type FederationOptions, wireFederation } from "./federation.ts";
import { callRaw, codeOf, rawClient, rawSession, rawUpload, streamRaw, wire } from "./raw-client.ts";

const { Connect, GetReceipt, UploadUpdate, DownloadBlob } = wire.v1.Participation.service;
const MIB = 1 << 20;

test("a client that connects and says nothing is dropped; so is one that stops in mid-handshake", async () => {
  const { address, enrol } = await wireFederation({ limits: { handshakeMs: 150 } });
  const silent = streamRaw(rawClient(address), Connect);
  expect(codeOf(await silent.ended)).toBe("SESSION_INVALID");
  const halfway = streamRaw(rawClient(address), Connect);
  const clientId = fromHex(enrol("site").profile.clientId);
  halfway.call.write(Connect.requestSerialize({ hello: { protocolMajor: 1, clientId, keyEpoch: 1 } }));
  expect(codeOf(await halfway.ended)).toBe("SESSION_INVALID");
  expect(halfway.replies).toHaveLength(1);
});

test("a session without heartbeats is dropped", async () => {
  const { address, enrol, parts } = await wireFederation({ limits: { idleMs: 200 } });
  const { control } = await rawSession(address, enrol("site"));
  expect(codeOf(await control.ended)).toBe("SESSION_INVALID");
  expect(parts.sessions.isConnected(clientIdOf("site"))).toBe(false);
});

test("another major version, a message out of place and a proof before hello are refused by name", async () => {
  const { address, enrol } = await wireFederation();
  const clientId = fromHex(enrol("site").profile.clientId);
  const code = async (message: Parameters<typeof Connect.requestSerialize>[0]) => {
    const stream = streamRaw(rawClient(address), Connect);
    stream.call.write(Connect.requestSerialize(message));
    return codeOf(await stream.ended);
  };
  expect(await code({ hello: { protocolMajor: 2, clientId, keyEpoch: 1 } })).toBe("PROTOCOL_UNSUPPORTED");
  expect(await code({ proof: { signature: randomBytes(64) } })).toBe("MESSAGE_INVALID");
  expect(await code({ hello: { protocolMajor: 1, clientId: randomBytes(15), keyEpoch: 1 } })).toBe("MESSAGE_INVALID");
});

test("garbage for a message has a code, wherever it comes", async () => {
  const { address, enrol } = await wireFederation();
  const garbage = Buffer.from("ff".repeat(40), "hex");
  const stranger = streamRaw(rawClient(address), Connect);
  stranger.call.write(garbage);
  expect(codeOf(await stranger.ended)).toBe("MESSAGE_INVALID");

  const { client, metadata } = await rawSession(address, enrol("site"));
  await expect(callRaw(client, GetReceipt, garbage, metadata).catch(codeOf)).resolves.toBe("MESSAGE_INVALID");
  const upload = streamRaw(client, UploadUpdate, metadata);
  upload.call.write(garbage);
  expect(codeOf(await upload.ended)).toBe("MESSAGE_INVALID");
  await expect(callRaw(client, GetReceipt, Buffer.alloc(0), metadata).catch(codeOf)).resolves.toBe("MESSAGE_INVALID");
});

test("no token, a random token and another connection's token open nothing", async () => {
  const { address, enrol, update, admission } = await wireFederation();
  const { metadata } = await rawSession(address, enrol("site"));
  const signed = await update("site", randomBytes(10));
  const random = new Metadata();
  random.set("holdfast-session-bin", randomBytes(32));
  for (const token of [new Metadata(), random, metadata]) {
    const upload = rawUpload(rawClient(address), token);
    upload.begin(signed);
    expect(codeOf(await upload.ended)).toBe("SESSION_INVALID");
    const download = callRaw(rawClient(address), DownloadBlob as never, Buffer.alloc(0), token);
    await expect(download.catch(codeOf)).resolves.toBe("SESSION_INVALID");
  }
  expect(admission.log).toEqual([]);
});

test("a slow upload is refused and dropped; a chunk before Begin, out of order, empty or too large is refused", async () => {
  const { address, enrol, update, admission } = await wireFederation({ limits: { slowWindowMs: 1_000 } });
  const { client, metadata } = await rawSession(address, enrol("site"));
  const signed = await update("site", randomBytes(8 * MIB));
  const outcome = async (send: (upload: ReturnType<typeof rawUpload>) => void) => {
    const upload = rawUpload(client, metadata);
    send(upload);
    const error = await upload.ended;
    return upload.replies.at(-1)?.refused?.code ?? codeOf(error);
  };
  const begun = (chunk: (upload: ReturnType<typeof rawUpload>) => void) => (upload: ReturnType<typeof rawUpload>) => {
    upload.begin(signed);
    chunk(upload);
  };
  expect(await outcome(begun((it) => it.chunk(0, randomBytes(100))))).toBe("UPLOAD_TOO_SLOW");
  expect(await outcome((it) => it.chunk(0, randomBytes(100)))).toBe("MESSAGE_INVALID");
  expect(await outcome(begun((it) => it.chunk(0, Buffer.alloc(0))))).toBe("CHUNK_INVALID");
  expect(await outcome(begun((it) => it.chunk(1, randomBytes(100))))).toBe("CHUNK_INVALID");
  expect(await outcome(begun((it) => it.begin(signed)))).toBe("CHUNK_INVALID");
  expect(await outcome(begun((it) => it.chunk(0, randomBytes(MIB + 1))))).toBe("CHUNK_INVALID");
  expect(await outcome(begun((it) => it.chunk(0, randomBytes(2 * MIB))))).toBe("MESSAGE_INVALID");
  expect(await outcome(begun((it) => it.call.end()))).toBe("PAYLOAD_LENGTH_MISMATCH");
  expect(admission.log).toContain("abandon UPLOAD_TOO_SLOW");
});

test("a message above 4 MiB and a gzip bomb end their own call and nothing else", async () => {
  const { address, enrol } = await wireFederation();
  const { client, control, metadata } = await rawSession(address, enrol("site"));
  const oversize = streamRaw(client, UploadUpdate, metadata);
  oversize.call.write(Buffer.alloc(5 * MIB));
  expect((await oversize.ended)?.details).toMatch(/larger than max/);

  const bomb = await rawGrpc(address, "/holdfast.v1.Enrollment/Enroll", gzipSync(Buffer.alloc(64 * MIB)), "gzip");
  expect(bomb).toBe("8");
  const junk = await rawGrpc(address, "/holdfast.v1.Enrollment/Enroll", randomBytes(500), "gzip");
  expect(Number(junk)).toBeGreaterThan(0);
  await expect(callRaw(client, GetReceipt, Buffer.alloc(0), metadata).catch(codeOf)).resolves.toBe("MESSAGE_INVALID");
  expect(control.call.destroyed).toBe(false);
});

test("metadata of control characters is a token like any other wrong one", async () => {
  const { address } = await wireFederation();
  for (const bytes of ["\u0000\n\r\u001b[2J", "\u202e".repeat(8)]) {
    const metadata = new Metadata();
    metadata.set("holdfast-session-bin", Buffer.from(bytes));
    const call = callRaw(rawClient(address), GetReceipt, Buffer.alloc(0), metadata);
    await expect(call.catch(codeOf)).resolves.toBe("SESSION_INVALID");
  }
});

test("a stranger's calls are limited by address", async () => {
  const { address } = await wireFederation({ limits: { unauthenticatedCallsPerSecond: 5 } });
  const client = rawClient(address);
  const { GetNonce } = wire.v1.Administration.service;
  const calls = Array.from({ length: 60 }, () => callRaw(client, GetNonce, Buffer.alloc(0)).then(() => "ok", codeOf));
  const outcomes = await Promise.all(calls);
  // five at once, and five more for each second that a busy machine takes
  expect(outcomes.filter((it) => it === "ok").length).toBeLessThan(30);
  expect(new Set(outcomes)).toEqual(new Set(["ok", "RATE_EXCEEDED"]));
});

test("a client's calls are limited by client, whatever its address may do", async () => {
  const { address, enrol, update, admission } = await wireFederation({ limits: { callsPerClientPerSecond: 3 } });
  const { client, metadata } = await rawSession(address, enrol("site"));
  const other = await rawSession(address, enrol("other"));
  const signed = await update("site", randomBytes(10));
  const begins = Array.from({ length: 40 }, async () => {
    const upload = rawUpload(client, metadata);
    upload.begin(signed);
    upload.call.end();
    const error = await upload.ended;
    return codeOf(error) ?? "served";
  });
  const outcomes = await Promise.all(begins);
  expect(new Set(outcomes)).toEqual(new Set(["served", "RATE_EXCEEDED"]));
  // three at once, and three more for each second that a busy machine takes
  expect(outcomes.filter((it) => it === "served").length).toBeLessThan(20);
  expect(admission.log.filter((it) => it.startsWith("begin")).length).toBeLessThan(20);
  const elsewhere = callRaw(other.client, GetReceipt, Buffer.alloc(0), other.metadata);
  await expect(elsewhere.catch(codeOf)).resolves.toBe("MESSAGE_INVALID");
});

test("a unary call whose body does not come is refused by name", async () => {
  const { address } = await hurried();
  const silent = streamRaw(rawClient(address), wire.v1.Enrollment.service.Enroll);
  const unended = streamRaw(rawClient(address), wire.v1.Enrollment.service.Enroll);
  unended.call.write(Buffer.alloc(0));
  for (const { ended } of [silent, unended]) expect(codeOf(await ended)).toBe("MESSAGE_INVALID");
});

test("strangers of one address hold few connections, each for a short time; clients and administrators stay", async () => {
  const { address, enrol, admin } = await hurried({ strangersPerAddress: 4 });
  const site = await rawSession(address, enrol("site"));
  const operator = admin();
  expect(await operator.listJobs()).toEqual([]);
  const strangers = Array.from({ length: 12 }, () => openEnroll(address));
  await expect.poll(() => strangers.filter((it) => it.destroyed).length).toBe(8);
  await expect(rawSession(address, enrol("late"))).rejects.toThrow();

  await expect.poll(() => strangers.every((it) => it.destroyed)).toBe(true);
  const answer = callRaw(site.client, GetReceipt, Buffer.alloc(0), site.metadata);
  await expect(answer.catch(codeOf)).resolves.toBe("MESSAGE_INVALID");
  expect(await operator.listJobs()).toEqual([]);
  await rawSession(address, enrol("later"));
});

test("a connection whose session has ended is a stranger's again", async () => {
  const { address, enrol, parts } = await hurried();
  const { control, client } = await rawSession(address, enrol("site"));
  parts.sessions.end("all", "SESSION_INVALID");
  await control.ended;
  await expect.poll(() => client.getChannel().getConnectivityState(false)).not.toBe(READY);
});

test("bytes that never become HTTP/2 cost one connection for a short time", async () => {
  const { server, connect } = await hurried({ strangersPerAddress: 2 }, true);
  const sockets = Array.from({ length: 3 }, () => connectTcp(server.port, "127.0.0.1").on("error", () => undefined));
  const closed = sockets.map((socket) => once(socket, "close"));
  await Promise.race(closed);
  expect(sockets.filter((socket) => !socket.closed)).toHaveLength(2);
  await Promise.all(closed);
  await connect("site");
});

const READY = connectivityState.READY;

/** A server that gives strangers a second, unless told otherwise. */
const hurried = (limits: FederationOptions["limits"] = {}, tls = false) =>
  wireFederation({ limits: { handshakeMs: 1_000, ...limits }, tls });

/** A connection that opens Enroll and never sends its body. */
function openEnroll(address: string): ClientHttp2Session {
  const session = connectHttp2(`http://${address}`);
  onTestFinished(() => session.destroy());
  session.on("error", () => undefined);
  session
    .request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/holdfast.v1.Enrollment/Enroll",
      "content-type": "application/grpc",
      te: "trailers",
    })
    .on("error", () => undefined);
  return session;
}

/** One gRPC request by hand, its message flagged as compressed; the grpc-status it ends with. */
async function rawGrpc(address: string, path: string, message: Buffer, encoding: string): Promise<string | undefined> {
  const session = connectHttp2(`http://${address}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    "content-type": "application/grpc",
    "grpc-encoding": encoding,
    te: "trailers",
  });
  const frame = Buffer.alloc(5);
  frame[0] = 1;
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  return new Promise((resolve) => {
    let status: string | undefined;
    const take = (headers: Record<string, unknown>) => {
      status ??= headers["grpc-status"] as string | undefined;
    };
    stream
      .on("response", take)
      .on("trailers", take)
      .on("error", () => undefined);
    stream.on("close", () => resolve(status));
    stream.resume();
  });
}
