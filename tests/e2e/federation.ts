import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import pino from "pino";
import { enrollHome, makeKey } from "../../client/index.ts";
import { type AdminClient, adminClient, readAdminProfile } from "../../coordinator/index.ts";

/** The command as users run it; `npm test` builds it first. */
export const BUILT = [resolve("dist", "cli.js")];
export interface RunningCoordinator {
  readonly process: ChildProcess;
  readonly address: string;
  readonly admin: AdminClient;
  /** Everything it wrote to standard error. */
  log(): string;
  /** Sends the signal and waits for the end; the exit code, null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A folder with a coordinator's home and clients' homes; the coordinator runs in its own process. */
export interface TestSite {
  readonly folder: string;
  readonly home: string;
  start(flags?: readonly string[]): Promise<RunningCoordinator>;
  enroll(admin: AdminClient, name: string): Promise<string>;
  close(): Promise<void>;
}

const silent = pino({ level: "silent" });

export async function makeSite(command: readonly string[]): Promise<TestSite> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-site-"));
  const home = join(folder, "coordinator");
  const started: RunningCoordinator[] = [];
  const [code] = await once(run(command, ["coordinator", "init", "--home", home, "--name", "site"]), "exit");
  if (code !== 0) throw new Error(`init ended with ${code}`);
  return {
    folder,
    home,
    async start(flags = []) {
      const coordinator = await startCoordinator(command, home, flags);
      started.push(coordinator);
      return coordinator;
    },
    async enroll(admin, name) {
      const bundle = join(folder, `${name}.json`);
      await writeFile(bundle, JSON.stringify(await admin.inviteClient(name, 60_000)));
      await makeKey(join(folder, name));
      await enrollHome({ home: join(folder, name), bundle, forcePlaintext: false }, silent);
      return join(folder, name);
    },
    async close() {
      for (const coordinator of started) await coordinator.end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function run(command: readonly string[], args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [...command, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
}

async function startCoordinator(command: readonly string[], home: string, flags: readonly string[]) {
  const child = run(command, ["coordinator", "serve", "--home", home, "--listen", "127.0.0.1:0", ...flags]);
  const exited = once(child, "exit").then(([code]) => code as number | null);
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  const address = await Promise.race([addressOf(child), exited.then(() => undefined)]);
  if (address === undefined) throw new Error(`the coordinator ended before it listened: ${log}`);
  const admin = adminClient(await readAdminProfile(join(home, "admin.json"), () => undefined));
  const end = (signal: NodeJS.Signals) => {
    admin.close();
    child.kill(signal);
    return exited;
  };
  return { process: child, address, admin, log: () => log, end };
}

async function addressOf(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface(child.stdout)) {
    const [, address] = /^listening on (\S+)$/.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  return undefined;
}
