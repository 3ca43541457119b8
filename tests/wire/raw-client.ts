import { once } from "node:events";
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { connectionMessage } from "../../core/crypto/messages.ts";
import { type Digest, fromHex } from "../../core/ids.ts";
import type { SignedUpdate } from "../../core/update.ts";
import type { ClientMessage } from "../../proto/generated/holdfast/v1/ClientMessage.ts";
import { loadWire } from "../../proto/load.ts";
import type { Enrolment } from "./federation.ts";

export const wire = loadWire();

/** A client without manners: plaintext, no checks of its own, any bytes for a body. */
export function rawClient(address: string, options: Record<string, number> = {}): Client {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
    "grpc.max_send_message_length": -1,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

type Method<Response> = Pick<MethodDefinition<never, Response>, "path" | "responseDeserialize">;

const asIs = (bytes: Buffer) => bytes;

/** One unary call of these very bytes. */
export function callRaw<Response>(
  client: Client,
  method: Method<Response>,
  body: Buffer,
  metadata = new Metadata(),
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method.path, asIs, method.responseDeserialize, body, metadata, (error, reply) => {
      if (reply === undefined) reject(error);
      else resolve(reply);
    });
  });
}

/** A bidirectional call whose messages are any bytes, and how it ends. */
export function streamRaw<Response>(client: Client, method: Method<Response>, metadata = new Metadata()) {
  const call = client.makeBidiStreamRequest(method.path, asIs, method.responseDeserialize, metadata);
  const replies: Response[] = [];
  call.on("data", (reply: Response) => replies.push(reply));
  const ended = new Promise<ServiceError | undefined>((resolve) => {
    call.on("error", (error: ServiceError) => resolve(error));
    call.on("end", () => setImmediate(() => resolve(undefined)));
  });
  return { call, replies, ended };
}

/** The catalogue code a call ended with. */
export const codeOf = (error: ServiceError | undefined) => error?.metadata?.get("holdfast-code")[0];

export type RawSession = Pick<Awaited<ReturnType<typeof rawSession>>, "client" | "metadata">;

/** A proper handshake on a raw client: its control stream, and what every other call must carry. */
export async function rawSession(address: string, { key, profile }: Enrolment) {
  const client = rawClient(address);
  const { Connect } = wire.v1.Participation.service;
  const { federationId, clientId, keyEpoch } = profile;
  const control = streamRaw(client, Connect);
  const send = (message: ClientMessage) => control.call.write(Connect.requestSerialize(message));
  send({ hello: { protocolMajor: 1, protocolMinor: 0, clientId: fromHex(clientId), keyEpoch, software: "raw" } });
  // rejects with what ended the call instead
  await once(control.call, "data");
  const challenge = control.replies[0]?.challenge?.nonce ?? Buffer.alloc(0);
  send({ proof: { signature: key.sign(connectionMessage({ federationId, clientId, keyEpoch, challenge })) } });
  await once(control.call, "data");
  const metadata = new Metadata();
  metadata.set("holdfast-session-bin", control.replies[1]?.session?.sessionToken as Buffer);
  return { client, control, metadata };
}

/** A download with every chunk as it came. */
export function rawDownload({ client, metadata }: RawSession, digest: Digest, offset = 0) {
  const { path, requestSerialize, responseDeserialize } = wire.v1.Participation.service.DownloadBlob;
  const request = { sha256: fromHex(digest), offset };
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
}

/** An upload whose every message the test writes itself. */
export function rawUpload(client: Client, metadata: Metadata) {
  const { UploadUpdate } = wire.v1.Participation.service;
  const { call, ...rest } = streamRaw(client, UploadUpdate, metadata);
  return {
    ...rest,
    call,
    begin: ({ headerBytes, signature }: SignedUpdate) =>
      call.write(UploadUpdate.requestSerialize({ begin: { header: headerBytes, signature } })),
    chunk: (offset: number, bytes: Uint8Array) =>
      call.write(UploadUpdate.requestSerialize({ chunk: { offset, bytes } })),
  };
}

export async function collect<T>(items: AsyncIterable<unknown>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item as T);
  return all;
}
