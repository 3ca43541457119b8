import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ChildCase, Memory, Run } from "./aggregation-child.ts";

/** A process that does the same thing as often as it is told to, and waits in between. */
export interface Runner {
  /** Seconds of one run. */
  run(): Promise<number>;
}

export interface OurProcess {
  /** What it does, in so many threads, once or so often. */
  inThreads(numThreads: number, repeats?: number): Runner;
  end(): Promise<Memory>;
}

export async function ours(given: ChildCase): Promise<OurProcess> {
  const file = fileURLToPath(new URL("./aggregation-child.js", import.meta.url));
  const child = fork(file, [JSON.stringify(given)]);
  await answer(child);
  return {
    inThreads: (numThreads, repeats = 1) => ({
      async run() {
        child.send({ numThreads, repeats } satisfies Run);
        return ((await answer(child)) as { seconds: number }).seconds;
      },
    }),
    async end() {
      const exit = once(child, "exit");
      child.send("end");
      const memory = (await answer(child)) as Memory;
      await exit;
      return memory;
    },
  };
}

async function answer(child: ChildProcess): Promise<unknown> {
  const listening = new AbortController();
  const options = { signal: listening.signal };
  try {
    const gone = once(child, "exit", options).then(([code]) => {
      throw new Error(`a measuring process ended with ${code}`);
    });
    const [message] = await Promise.race([once(child, "message", options), gone]);
    return message;
  } finally {
    listening.abort();
  }
}

/** What others compute, in a Python process of their own. */
export interface Peers {
  /** Of Python, NumPy and torch, where they are installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** Undefined where its library is not installed. */
  peer(name: string): Runner | undefined;
  end(): Promise<void>;
}

/** A distribution's own, before one that somebody put into the path. */
const SYSTEM_PYTHON = ["/usr/bin/python3"];

/**
 * @param script of this folder: it tells the versions, then the seconds of each name it reads
 * @returns undefined where there is no Python with what the script needs
 */
export async function startPeers(script: string, args: readonly (string | number)[]): Promise<Peers | undefined> {
  const python = process.env["HOLDFAST_PYTHON"] ?? SYSTEM_PYTHON.find(existsSync) ?? "python3";
  const path = fileURLToPath(new URL(`../../bench/${script}`, import.meta.url));
  const child = spawn(python, [path, ...args.map(String)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "null");
  const versions = await next();
  if (versions === null) return undefined;
  return {
    versions,
    peer: (name) =>
      name.startsWith("torch") && versions.torch === undefined
        ? undefined
        : {
            async run() {
              child.stdin.write(`${name}\n`);
              return (await next()).seconds;
            },
          },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
