import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { type DelayProxy, delayProxy } from "../../bench/delay-proxy.ts";
import { sha256 } from "../../core/crypto/sha256.ts";
import { asDigest } from "../../core/ids.ts";
import type { BlobChunk__Output } from "../../proto/generated/holdfast/v1/BlobChunk.ts";
import { CHUNK_BYTES } from "../../proto/protocol.ts";
import { wireFederation } from "./federation.ts";
import { collect, rawDownload, rawSession } from "./raw-client.ts";

const signal = () => AbortSignal.timeout(20_000);
const MIB = 1 << 20;

test.each([0, 1, 262_144, 3 * MIB + 5])("a blob of %i bytes that a task names arrives whole", async (size) => {
  const { connect, parts, offered } = await wireFederation();
  const session = await connect("site");
  const bytes = randomBytes(size);
  const digest = await parts.blobs.putBytes(bytes);
  offered.add(digest);
  expect(Buffer.compare(await session.fetch(digest, signal()), bytes)).toBe(0);
});

test("a payload inside the journal is served from there", async () => {
  const { connect, parts, offered } = await wireFederation();
  const session = await connect("site");
  const bytes = randomBytes(1_000);
  const digest = asDigest(sha256(bytes));
  const event = { type: "ClientRevoked", clientId: "00".repeat(16) as never, reason: "", atMs: 0 } as const;
  await parts.journal.append([{ event }], [{ digest, bytes }]);
  offered.add(digest);
  expect(Buffer.compare(await session.fetch(digest, signal()), bytes)).toBe(0);
});

test("what no open task names is not served, even if it exists", async () => {
  const { connect, parts } = await wireFederation();
  const session = await connect("site");
  const digest = await parts.blobs.putBytes(randomBytes(10));
  await expect(session.fetch(digest, signal())).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
});

test("bytes of another digest are not handed on", async () => {
  const { connect, parts, offered } = await wireFederation();
  const session = await connect("site");
  const digest = await parts.blobs.putBytes(randomBytes(10));
  const wrong = asDigest("ab".repeat(32));
  offered.add(wrong);
  const { locate } = parts.blobs;
  parts.blobs.locate = () => locate.call(parts.blobs, digest);
  await expect(session.fetch(wrong, signal())).rejects.toMatchObject({ code: "PAYLOAD_DIGEST_MISMATCH" });
});

test("from an offset only the rest is sent; an offset beyond the end is refused", async () => {
  const { address, enrol, parts, offered } = await wireFederation();
  const bytes = randomBytes(600_000);
  const digest = await parts.blobs.putBytes(bytes);
  offered.add(digest);
  const session = await rawSession(address, enrol("site"));
  const download = (offset: number) => collect<BlobChunk__Output>(rawDownload(session, digest, offset));
  const rest = await download(500_000);
  expect(rest).toHaveLength(1);
  expect(rest[0]).toMatchObject({ offset: 500_000, size: 600_000, bytes: bytes.subarray(500_000) });
  expect((await download(600_000))[0]).toMatchObject({ offset: 600_000, size: 600_000 });
  await expect(download(600_001)).rejects.toMatchObject({ details: expect.stringContaining("chunk") });
});

test("a file that cannot be read fails its own download; the next attempt gets it", async () => {
  const { connect, parts, offered } = await wireFederation();
  const session = await connect("site");
  const bytes = randomBytes(4 * MIB);
  const digest = await parts.blobs.putBytes(bytes);
  offered.add(digest);
  const { locate } = parts.blobs;
  let attempts = 0;
  parts.blobs.locate = async () => {
    const whole = await locate.call(parts.blobs, digest);
    return attempts++ === 0 ? { ...whole, path: `${whole.path}-gone` } : whole;
  };
  await expect(session.fetch(digest, signal())).rejects.toMatchObject({ code: "INTERNAL" });
  expect(Buffer.compare(await session.fetch(digest, signal()), bytes)).toBe(0);
});

test("a client that does not read holds up its own download only, of which little is read from disk", async () => {
  const proxy = proxyOf(0);
  const { server, address, enrol, parts, offered } = await wireFederation({ through: proxy.open });
  const bytes = randomBytes(64 * MIB);
  const digest = await parts.blobs.putBytes(bytes);
  offered.add(digest);
  const numReads = await freezeAtFirstRead((await parts.blobs.locate(digest)).path, proxy.freeze);
  const unread = rawDownload(await rawSession(address, enrol("site")), digest);
  const ended = vi.fn();
  unread.on("error", ended).on("end", ended);
  await expect.poll(numReads).toBeGreaterThan(0);
  await setTimeout(300);
  expect(numReads() * CHUNK_BYTES).toBeLessThan(16 * MIB);
  const other = await rawSession(`127.0.0.1:${server.port}`, enrol("other"));
  const chunks = await collect<BlobChunk__Output>(rawDownload(other, digest));
  expect(Buffer.compare(Buffer.concat(chunks.map((chunk) => chunk.bytes)), bytes)).toBe(0);
  expect(ended).not.toHaveBeenCalled();
});

function proxyOf(roundTripMs: number) {
  let proxy: DelayProxy | undefined;
  onTestFinished(() => proxy?.close());
  return {
    async open(port: number) {
      proxy = await delayProxy(port, roundTripMs);
      return `127.0.0.1:${proxy.port}`;
    },
    freeze: () => proxy?.freeze(),
    cut: () => proxy?.cut(),
  };
}

/** How often any file was read so far. `path` is any file: a handle's class has no other door. */
async function freezeAtFirstRead(path: string, freeze: () => void): Promise<() => number> {
  const file = await open(path);
  await file.close();
  const handles = Object.getPrototypeOf(file) as typeof file;
  const { read } = handles;
  const reads = vi.spyOn(handles, "read").mockImplementationOnce(function (this: typeof file, ...args) {
    freeze();
    return read.apply(this, args);
  });
  onTestFinished(() => reads.mockRestore());
  return () => reads.mock.calls.length;
}

test("a connection that is cut in mid-download surfaces as such, and a new session fetches it", async () => {
  const proxy = proxyOf(20);
  const { connect, parts, offered } = await wireFederation({ through: proxy.open });
  const bytes = randomBytes(32 * MIB);
  const digest = await parts.blobs.putBytes(bytes);
  offered.add(digest);
  const session = await connect("site");
  const fetched = session.fetch(digest, signal());
  setTimeout(50).then(proxy.cut);
  await expect(fetched).rejects.toMatchObject({
    code: expect.stringMatching(/COORDINATOR_UNREACHABLE|SESSION_INVALID/),
  });
  const again = await connect("site");
  expect(Buffer.compare(await again.fetch(digest, signal()), bytes)).toBe(0);
});
