import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlMessage, Session, Transport } from "../../client/index.ts";
import { refuse } from "../../core/errors.ts";
import type { SignedUpdate, UpdateHeader } from "../../core/update.ts";
import type { AttackKnowing, Detour } from "./attack.ts";
import { kept } from "./submitting.ts";

/**
 * SlowLoris: an upload begins, goes on by hardly any bytes per second, and has not ended when its round has, so that it
 * holds a stream and memory of the coordinator for as long as it lets it. The update is an honest one; the network
 * before the client is the attacker's.
 */
export function slowLoris({ bytesPerSecond }: { readonly bytesPerSecond: number }): AttackKnowing<"none"> {
  return { knows: "none", detour: (address) => narrowWayTo(address, bytesPerSecond) };
}

/** Of an upload at full speed, so that the coordinator takes it up. */
const FREE_BYTES = 32 * 1024;
const PAUSE_MS = 50;

/** A loopback proxy to the address (`host:port`): wide, but while an upload is on its way. */
async function narrowWayTo(address: string, bytesPerSecond: number): Promise<Detour> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const valve = valveOf(bytesPerSecond);
  const sockets = new Set<Socket>();
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    const end = () => {
      near.destroy();
      far.destroy();
    };
    pipeline(near, throttle(valve), far).then(end, end);
    pipeline(far, near).then(end, end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    through: (way) => neverArriving(way, valve, hangUp),
    close: async () => {
      hangUp();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Valve {
  /** From now on, until it is opened, so many bytes pass at the most. */
  narrow(mostBytes: number): void;
  open(): void;
  /** How many of so many bytes may pass now. */
  pass(bytes: number): number;
}

function valveOf(bytesPerSecond: number): Valve {
  let narrowed: { readonly mostBytes: number; readonly sinceMs: number; passed: number } | undefined;
  return {
    narrow(mostBytes) {
      narrowed = { mostBytes, sinceMs: performance.now(), passed: 0 };
    },
    open() {
      narrowed = undefined;
    },
    pass(bytes) {
      if (narrowed === undefined) return bytes;
      const { mostBytes, sinceMs, passed } = narrowed;
      const byNow = FREE_BYTES + Math.floor((bytesPerSecond * (performance.now() - sinceMs)) / 1_000);
      const passing = Math.max(0, Math.min(bytes, Math.min(byNow, mostBytes) - passed));
      narrowed.passed += passing;
      return passing;
    },
  };
}

function throttle(valve: Valve): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let sent = 0; sent < chunk.length; ) {
        const passing = valve.pass(chunk.length - sent);
        if (passing > 0) this.push(chunk.subarray(sent, sent + passing));
        sent += passing;
        if (sent < chunk.length) await sleep(PAUSE_MS);
        if (this.destroyed) return;
      }
      done();
    },
  });
}

/**
 * Its sessions say at once that the update is lost, which goes on trickling until the coordinator has given it up. What passes
 * is less than its header, signature and payload, so that none arrives whole before its attempt is over, whatever the speed.
 */
function neverArriving(way: Transport, valve: Valve, hangUp: () => void): Transport {
  let lastEnd: ControlMessage | undefined;
  let underWay: { readonly header: UpdateHeader; readonly upload: AbortController } | undefined;
  const giveUp = () => {
    underWay?.upload.abort();
    underWay = undefined;
    valve.open();
  };
  /** With the connection goes what was held back, which would still arrive. */
  const lose = () => {
    hangUp();
    giveUp();
  };
  const trickle = async (update: SignedUpdate, session: Session) => {
    const { header, headerBytes, signature, payload } = update;
    const held = await kept(update);
    giveUp();
    const refusal = refuse("ROUND_NOT_OPEN", "still on its way");
    if (lastEnd !== undefined && isEndOf(header, lastEnd)) return refusal;
    const now = { header, upload: new AbortController() };
    underWay = now;
    valve.narrow(headerBytes.length + signature.length + payload.sizeBytes - 1);
    const isUnderWay = () => underWay === now;
    session.submit(held, now.upload.signal).then(
      () => isUnderWay() && giveUp(),
      () => isUnderWay() && lose(),
    );
    return refusal;
  };
  const heard = (message: ControlMessage) => {
    if (message.type !== "task") lastEnd = message;
    if (underWay !== undefined && isEndOf(underWay.header, message)) giveUp();
  };
  return {
    connect: async (signal) => {
      if (underWay !== undefined) lose();
      const session = await way.connect(signal);
      const submit: Session["submit"] = (update) => trickle(update, session);
      return { ...session, messages: noting(session.messages, heard), submit };
    },
    close() {
      giveUp();
      way.close();
    },
  };
}

function isEndOf({ jobId, round, attempt }: UpdateHeader, message: ControlMessage): boolean {
  if (message.type === "task") return false;
  if (message.type === "jobEnded") return message.jobId === jobId;
  const { task } = message;
  return task.jobId === jobId && task.round === round && task.attempt === attempt;
}

async function* noting(messages: Session["messages"], note: (message: ControlMessage) => void): Session["messages"] {
  for await (const message of messages) {
    note(message);
    yield message;
  }
}
