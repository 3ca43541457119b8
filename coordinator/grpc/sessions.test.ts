import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { isRefusal } from "../../core/errors.ts";
import { controlWindows, type Grant, usefulWindow, type Windows } from "./sessions.ts";

const MIB = 1 << 20;
const NARROW = 65_535;

/** A bare grpc-js server whose windows are controlled, and connections to it. */
async function listen(budgetBytes: number, maxConnections = 10) {
  const server = new Server();
  const { windows, port } = await new Promise<{ windows: Windows; port: number }>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) reject(error);
      else resolve({ windows: controlWindows(server, budgetBytes, maxConnections), port });
    });
  });
  onTestFinished(() => server.forceShutdown());
  const dial = async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    onTestFinished(() => client.destroy());
    const closed = once(client, "close").then(() => Promise.reject(new Error("closed")));
    closed.catch(() => undefined);
    await Promise.race([once(client, "remoteSettings"), closed]);
    return { client, peer: `127.0.0.1:${client.socket.localPort}` };
  };
  return { windows, dial };
}

const granted = (grant: ReturnType<Windows["grant"]>): Grant => {
  if (isRefusal(grant)) throw new Error(grant.detail);
  return grant;
};
const windowOf = (client: ClientHttp2Session) => expect.poll(() => client.remoteSettings.initialWindowSize);

test("a connection starts narrow, is widened for an upload as far as that needs, and narrowed after it", async () => {
  const { windows, dial } = await listen(64 * MIB);
  const { client, peer } = await dial();
  expect(client.remoteSettings.initialWindowSize).toBe(NARROW);

  const small = granted(windows.grant(peer, 40_000));
  const whole = granted(windows.grant(peer, 3 * MIB));
  await windowOf(client).toBe(3 * MIB);
  expect(client.state.remoteWindowSize).toBe(3 * MIB);
  small.release();
  whole.release();
  await windowOf(client).toBe(NARROW);
});

test("a near client is given 4 MiB and a far one 16 MiB: what keeps its connection busy", () => {
  expect([0.2, 12, 25, 50, 1_000].map(usefulWindow)).toEqual([4 * MIB, 4 * MIB, 8_000_000, 16_000_000, 16 * MIB]);
});

test("the budget is a sum over connections; what comes free goes to those that found it empty", async () => {
  const { windows, dial } = await listen(5 * MIB);
  const [first, second, third] = [await dial(), await dial(), await dial()];
  const wide = granted(windows.grant(first.peer, 4 * MIB));
  granted(windows.grant(second.peer, 4 * MIB));
  granted(windows.grant(third.peer, 4 * MIB));
  await windowOf(first.client).toBe(4 * MIB);
  await windowOf(second.client).toBe(1 * MIB);
  expect(third.client.remoteSettings.initialWindowSize).toBe(NARROW);
  expect(windows.grant(first.peer, 4 * MIB)).toMatchObject({ refused: "RATE_EXCEEDED" });

  wide.release();
  await windowOf(first.client).toBe(NARROW);
  await windowOf(third.client).toBe(4 * MIB);
});

test("a connection that goes away gives back what it held", async () => {
  const { windows, dial } = await listen(4 * MIB);
  const [first, second] = [await dial(), await dial()];
  granted(windows.grant(first.peer, 4 * MIB));
  granted(windows.grant(second.peer, 4 * MIB));
  expect(second.client.remoteSettings.initialWindowSize).toBe(NARROW);
  first.client.destroy();
  await windowOf(second.client).toBe(4 * MIB);
  expect(windows.grant(first.peer, 1)).toMatchObject({ refused: "SESSION_INVALID" });
});

test("several uploads share a connection, up to four, each paid for", async () => {
  const { windows, dial } = await listen(8 * MIB);
  const { client, peer } = await dial();
  for (let i = 0; i < 4; i++) granted(windows.grant(peer, 2 * MIB));
  await windowOf(client).toBe(2 * MIB);
  expect(windows.grant(peer, 2 * MIB)).toMatchObject({ refused: "RATE_EXCEEDED" });
  const other = await dial();
  granted(windows.grant(other.peer, 2 * MIB));
  client.destroy();
  await windowOf(other.client).toBe(2 * MIB);
});

test("connections are bounded", async () => {
  const { dial } = await listen(MIB, 1);
  await dial();
  await expect(dial()).rejects.toThrow("closed");
});
