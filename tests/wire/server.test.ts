import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createSecureContext, type SecureVersion } from "node:tls";
import { Client, Metadata, Server } from "@grpc/grpc-js";
import { service as healthDefinition } from "grpc-health-check";
import { expect, onTestFinished, test } from "vitest";
import { grpcTransport } from "../../client/grpc/grpc-transport.ts";
import { startServer } from "../../coordinator/grpc/server.ts";
import { controlWindows } from "../../coordinator/grpc/sessions.ts";
import { openTls } from "../../coordinator/tls.ts";
import { systemClock } from "../../core/clock.ts";
import { secureRandom } from "../../core/random/secure.ts";
import { dial } from "../../proto/dial.ts";
import { FEDERATION_ID, silentLog, wireFederation } from "./federation.ts";
import { codeOf, collect, rawClient, rawSession, rawUpload } from "./raw-client.ts";

const refusedWith = (code: string) => expect.objectContaining({ name: "FederationError", code });
const signal = () => AbortSignal.timeout(20_000);

test("a port in use and an address that is none are refused by name", async () => {
  const { parts } = await wireFederation();
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  onTestFinished(() => void squatter.close());
  const { port } = squatter.address() as { port: number };
  const start = (address: string) => startServer({ parts, address, tls: undefined });
  await expect(start(`127.0.0.1:${port}`)).rejects.toEqual(refusedWith("PORT_IN_USE"));
  await expect(start("no-port")).rejects.toEqual(refusedWith("CONFIG_INVALID"));
  await expect(start("0.0.0.0:0")).rejects.toEqual(refusedWith("PLAINTEXT_REFUSED"));
});

test("a grpc-js without its http2Servers is refused at start-up", () => {
  const server = new Server();
  onTestFinished(() => server.forceShutdown());
  expect(() => controlWindows(server, 1, 1)).toThrow(refusedWith("WINDOW_CONTROL_UNAVAILABLE"));
  expect(() => controlWindows({} as Server, 1, 1)).toThrow(refusedWith("WINDOW_CONTROL_UNAVAILABLE"));
});

test("health answers for the server and each service; an unknown one is not remembered", async () => {
  const { address } = await wireFederation();
  const client = rawClient(address);
  const { check, watch } = healthMethods();
  const statusOf = (service: string) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        check.path,
        check.requestSerialize,
        check.responseDeserialize,
        { service },
        (error, it) => (error === null ? resolve(it) : reject(error)),
      );
    });
  expect(await statusOf("")).toEqual({ status: "SERVING" });
  expect(await statusOf("holdfast.v1.Participation")).toEqual({ status: "SERVING" });
  await expect(statusOf("nobody")).rejects.toMatchObject({ code: 5 });
  const { path, requestSerialize, responseDeserialize } = watch;
  const watched = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "nobody" });
  expect(await collect(watched)).toEqual([{ status: "SERVICE_UNKNOWN" }]);
});

test("the server's stop ends the watching of its health", async () => {
  const { address, server } = await wireFederation();
  const { path, requestSerialize, responseDeserialize } = healthMethods().watch;
  const client = rawClient(address);
  const watched = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "" });
  const [first] = await once(watched, "data");
  expect(first).toEqual({ status: "SERVING" });
  const rest = collect(watched);
  await server.stop();
  expect(await rest).toEqual([{ status: "NOT_SERVING" }]);
});

test("reflection lists the services", async () => {
  const { address } = await wireFederation();
  const call = rawClient(address).makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    new Metadata(),
  );
  const listServices = Buffer.from([0x3a, 0]);
  call.write(listServices);
  const [answer] = (await once(call, "data")) as [Buffer];
  expect(answer.toString("latin1")).toContain("holdfast.v1.Participation");
  call.end();
});

test("stop: sessions end as SHUTTING_DOWN, a body under way is kept, one that is all here gets its receipt", async () => {
  const { connect, update, enrol, server, address, admission } = await wireFederation();
  const session = await connect("whole");
  const { client, control, metadata } = await rawSession(address, enrol("partial"));
  const partial = rawUpload(client, metadata);
  partial.begin(await update("partial", randomBytes(100)));
  partial.chunk(0, randomBytes(10));
  await expect.poll(() => admission.log).toEqual(["begin at 0"]);
  await expect.poll(() => partial.replies.length).toBe(1);

  let stopped: Promise<void> | undefined;
  admission.beforeWrite = async () => {
    stopped = server.stop();
    await control.ended;
  };
  const receipt = await session.submit(await update("whole", randomBytes(100)), signal());
  expect(receipt).toMatchObject({ statement: { decision: "admitted" } });
  expect(codeOf(await control.ended)).toBe("SHUTTING_DOWN");
  expect(codeOf(await partial.ended)).toBe("SHUTTING_DOWN");
  await expect(session.messages[Symbol.asyncIterator]().next()).rejects.toEqual(refusedWith("SHUTTING_DOWN"));
  await stopped;
  expect(admission.log).toEqual(["begin at 0", "begin at 0", "suspend", "finish"]);
});

test("over TLS everything works, and the client insists on the federation's name and authority", async () => {
  const { connect, update, enrol, tls } = await wireFederation({ tls: true });
  const session = await connect("site");
  const receipt = await session.submit(await update("site", randomBytes(3_000_000)), signal());
  expect(receipt).toMatchObject({ statement: { decision: "admitted" } });

  const { profile, key } = enrol("other");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-ca-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const options = { federationId: FEDERATION_ID, hosts: [], clock: systemClock, random: secureRandom };
  const impostor = await openTls(folder, options);
  const connectWith = (changes: Partial<typeof profile>) => {
    const transport = grpcTransport({ profile: { ...profile, ...changes }, signer: key, log: silentLog });
    onTestFinished(() => transport.close());
    return transport.connect(signal());
  };
  const unreachable = refusedWith("COORDINATOR_UNREACHABLE");
  await expect(connectWith({ caCertificatePem: impostor.caCertificatePem })).rejects.toEqual(unreachable);
  await expect(connectWith({ caCertificatePem: null })).rejects.toEqual(unreachable);
  const elsewhere = "e1".repeat(16) as typeof FEDERATION_ID;
  await expect(connectWith({ federationId: elsewhere })).rejects.toEqual(unreachable);
  expect(tls).toBeDefined();
});

test("TLS 1.3 is spoken, TLS 1.2 and plaintext are refused", async () => {
  const { server, tls, address } = await wireFederation({ tls: true });
  const handshake = async (version: SecureVersion) => {
    const socket = connectTls({
      port: server.port,
      host: "127.0.0.1",
      servername: FEDERATION_ID,
      ALPNProtocols: ["h2"],
      secureContext: createSecureContext({ ca: tls?.caCertificatePem, minVersion: "TLSv1.2", maxVersion: version }),
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, "secureConnect");
    return socket.getProtocol();
  };
  expect(await handshake("TLSv1.3")).toBe("TLSv1.3");
  await expect(handshake("TLSv1.2")).rejects.toThrow(/alert|protocol|version/i);
  const plain = new Client(...dial({ address, federationId: FEDERATION_ID, caCertificatePem: null }));
  onTestFinished(() => plain.close());
  const ready = new Promise((resolve, reject) => {
    plain.waitForReady(Date.now() + 400, (error) => (error ? reject(error) : resolve("ready")));
  });
  await expect(ready).rejects.toThrow();
});

function healthMethods() {
  const { Check, Watch } = healthDefinition as unknown as Record<"Check" | "Watch", HealthMethod>;
  return { check: Check, watch: Watch };
}

interface HealthMethod {
  readonly path: string;
  readonly requestSerialize: (request: { service: string }) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => { status: string };
}
