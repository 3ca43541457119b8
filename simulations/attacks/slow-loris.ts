import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Session, Transport } from "../../client/index.ts";
import { refuse } from "../../core/errors.ts";
import type { SignedUpdate } from "../../core/update.ts";
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
    through: (way) => neverArriving(way, valve),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Valve {
  /** From now on, until it is opened, fewer bytes than this pass. */
  narrow(bytes: number): void;
  open(): void;
  /** How many of so many bytes may pass now; asked every `PAUSE_MS`. */
  pass(bytes: number): number;
}

function valveOf(bytesPerSecond: number): Valve {
  const portion = Math.max(1, Math.round((bytesPerSecond * PAUSE_MS) / 1_000));
  let left = Number.POSITIVE_INFINITY;
  let free = left;
  return {
    narrow(bytes) {
      left = bytes - 1;
      free = FREE_BYTES;
    },
    open() {
      left = free = Number.POSITIVE_INFINITY;
    },
    pass(bytes) {
      const passing = Math.min(bytes, left, Math.max(free, portion));
      left -= passing;
      free = Math.max(0, free - passing);
      return passing;
    },
  };
}

function throttle(valve: Valve): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let sent = 0; !this.destroyed; await sleep(PAUSE_MS)) {
        const passing = valve.pass(chunk.length - sent);
        this.push(chunk.subarray(sent, sent + passing));
        sent += passing;
        if (sent === chunk.length) return done();
      }
    },
  });
}

/**
 * Its sessions say at once that the update is lost, which goes on trickling until the coordinator has given it up: fewer
 * bytes pass than the payload has, so that none arrives whole, whatever the speed.
 */
function neverArriving(way: Transport, valve: Valve): Transport {
  let underWay = new AbortController();
  const giveUp = () => {
    underWay.abort();
    valve.open();
  };
  const trickled = (session: Session) => async (update: SignedUpdate) => {
    const held = await kept(update);
    giveUp();
    const upload = new AbortController();
    underWay = upload;
    valve.narrow(held.payload.sizeBytes);
    const over = () => {
      if (underWay === upload) valve.open();
    };
    session.submit(held, upload.signal).then(over, over);
    return refuse("ROUND_NOT_OPEN", "still on its way");
  };
  return {
    connect: async (signal) => {
      giveUp();
      const session = await way.connect(signal);
      return { ...session, messages: noting(session.messages, giveUp), submit: trickled(session) };
    },
    close() {
      giveUp();
      way.close();
    },
  };
}

/** The messages, after a word that a round or job is over. */
async function* noting(messages: Session["messages"], over: () => void): Session["messages"] {
  for await (const message of messages) {
    if (message.type !== "task") over();
    yield message;
  }
}
