import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { type DelayProxy, delayProxy } from "../../bench/delay-proxy.ts";
import { grpcTransport } from "../../client/grpc/grpc-transport.ts";
import { clientIdOf } from "../../core/ids.ts";
import type { SignedReceipt } from "../../core/statements.ts";
import { silentLog, wireFederation } from "./federation.ts";

const signal = () => AbortSignal.timeout(20_000);
const MIB = 1 << 20;

test.each([0, 40_000, 262_144, 3 * MIB + 17])("%i bytes arrive as they were sent and are receipted", async (size) => {
  const { connect, update, admission } = await wireFederation();
  const session = await connect("site");
  const signed = await update("site", randomBytes(size));
  const receipt = await session.submit(signed, signal());
  expect(receipt).toMatchObject({ statement: { updateId: signed.updateId, decision: "admitted" } });
  expect(admission.log).toEqual(["begin at 0", "finish"]);
});

test("a receipt that was lost is asked for again, and a second upload gets the same one without a body", async () => {
  const { connect, update, admission } = await wireFederation();
  const session = await connect("site");
  const signed = await update("site", randomBytes(100));
  expect(await session.receiptOf(signed.updateId)).toMatchObject({ refused: "RECEIPT_UNKNOWN" });
  const receipt = await session.submit(signed, signal());
  expect(await session.receiptOf(signed.updateId)).toEqual(receipt);
  expect(await session.submit(signed, signal())).toEqual(receipt);
  expect(admission.log).toEqual(["begin at 0", "finish"]);
});

test("a header that does not decode is refused by name", async () => {
  const { connect, update } = await wireFederation();
  const session = await connect("site");
  const signed = await update("site", randomBytes(100));
  const refusal = await session.submit({ ...signed, headerBytes: signed.headerBytes.subarray(1) }, signal());
  expect(refusal).toMatchObject({ refused: "HEADER_MALFORMED" });
});

test("a refusal in mid-body stops the sender; the detail stays in the coordinator's log", async () => {
  const { connect, update, admission } = await wireFederation();
  admission.refuseAfter = MIB;
  const session = await connect("site");
  const answer = await session.submit(await update("site", randomBytes(40 * MIB)), signal());
  expect(answer).toEqual({ refused: "DISK_FULL", detail: "The coordinator's disk is full; the update was not taken." });
});

test("a receipt signed by another key is not believed", async () => {
  const { enrol, update, admission } = await wireFederation();
  const { profile, key } = enrol("site");
  const duped = { ...profile, coordinatorKey: profile.logKey };
  const transport = grpcTransport({ profile: duped, signer: key, log: silentLog });
  onTestFinished(() => transport.close());
  const session = await transport.connect(signal());
  const submitted = session.submit(await update("site", randomBytes(100)), signal());
  await expect(submitted).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
  expect(admission.log).toContain("finish");
});

test("a receipt of another update is not taken for this one's", async () => {
  const { connect, update, admission } = await wireFederation();
  const session = await connect("site");
  const first = await update("site", randomBytes(100));
  const receipt = await session.submit(first, signal());
  admission.begin = async () => ({ outcome: "known", receipt: receipt as SignedReceipt });
  const second = session.submit(await update("site", randomBytes(100)), signal());
  await expect(second).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
});

test("cut at 99 %, the upload goes on from there on a new connection", async () => {
  const size = 32 * MIB;
  let proxy: DelayProxy | undefined;
  const { connect, update, admission, parts } = await wireFederation({
    async through(port) {
      proxy = await delayProxy(port, 0);
      return `127.0.0.1:${proxy.port}`;
    },
  });
  onTestFinished(() => proxy?.close());
  const session = await connect("site");
  const signed = await update("site", randomBytes(size));
  proxy?.cutAfter(0.99 * size);
  await expect(session.submit(signed, signal())).rejects.toMatchObject({
    code: expect.stringMatching(/COORDINATOR_UNREACHABLE|SESSION_INVALID/),
  });
  await expect.poll(() => admission.log).toEqual(["begin at 0", "suspend"]);
  await expect.poll(() => parts.sessions.isConnected(clientIdOf("site"))).toBe(false);

  const again = await connect("site");
  expect(await again.submit(signed, signal())).toMatchObject({ statement: { updateId: signed.updateId } });
  const [, , resumed] = admission.log;
  expect(Number(resumed?.replace("begin at ", ""))).toBeGreaterThan(0.9 * size);
  expect(admission.log.at(-1)).toBe("finish");
});

test("a failure of ours in mid-body keeps what came, and the next attempt goes on from there", async () => {
  const { connect, update, admission } = await wireFederation();
  const session = await connect("site");
  const signed = await update("site", randomBytes(8 * MIB));
  let breaks = 1;
  admission.beforeWrite = (offset) => {
    if (offset > 4 * MIB && breaks-- > 0) throw new Error("the handler fails, as INTERNAL without blame");
  };
  await expect(session.submit(signed, signal())).rejects.toMatchObject({ code: "INTERNAL" });
  expect(await session.submit(signed, signal())).toMatchObject({ statement: { updateId: signed.updateId } });
  expect(admission.log).toEqual(["begin at 0", "suspend", expect.stringMatching(/begin at 4\d{6}/), "finish"]);
});

test("an aborted submit leaves what came for a resume", async () => {
  const { connect, update, admission } = await wireFederation();
  const session = await connect("site");
  const signed = await update("site", randomBytes(8 * MIB));
  const stop = new AbortController();
  admission.beforeWrite = (offset) => {
    if (offset > 4 * MIB) stop.abort(new Error("the client stops"));
  };
  await expect(session.submit(signed, stop.signal)).rejects.toThrow("the client stops");
  await expect.poll(() => admission.log).toEqual(["begin at 0", "suspend"]);
});

test("a revocation in mid-upload ends it, and what came is dropped", async () => {
  const { connect, update, admission, parts } = await wireFederation();
  const session = await connect("site");
  admission.beforeWrite = async (offset) => {
    if (offset > MIB) await parts.clients.revoke("site", "stolen key");
  };
  const answer = session.submit(await update("site", randomBytes(64 * MIB)), signal());
  expect(await answer).toMatchObject({ refused: "CLIENT_REVOKED" });
  expect(admission.log).toEqual(["begin at 0", "abandon CLIENT_REVOKED"]);
});
