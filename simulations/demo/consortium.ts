import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pino from "pino";
import { enrollHome, makeKey } from "../../client/index.ts";
import { type AdminClient, adminClient, readAdminProfile } from "../../coordinator/index.ts";
import { clientIdOf } from "../../core/ids.ts";
import type { AttackerSettings } from "../attacking-parts.ts";
import { type CoalitionRelay, startCoalition } from "../coalition.ts";
import { MNIST_CLASSES, type Mnist } from "../mnist.ts";
import { partitionText } from "../partitions/settings.ts";
import type { Member } from "./board.ts";
import type { DemoOptions } from "./options.ts";
import { BATCH_SIZE } from "./plan.ts";
import { type Processes, processes } from "./processes.ts";
import { type Share, writeShares } from "./shares.ts";

/** A coordinator and its clients, each a process of its own, in a folder that goes when they go. */
export interface Consortium {
  readonly admin: AdminClient;
  /** Honest clients first. */
  readonly members: readonly Member[];
  readonly folder: string;
}

export interface Foundation {
  readonly options: DemoOptions;
  readonly mnist: Mnist;
  readonly say: (line: string) => void;
}

/**
 * Founds a consortium, lets `use` work with it and then takes it down, whatever happens: when this resolves or
 * rejects, no process of it runs any more.
 *
 * @param signal aborts the work, with its reason
 * @throws PROCESS_FAILED, with the tail of its log, when one of the processes ends by itself
 */
export async function withConsortium<T>(
  foundation: Foundation,
  signal: AbortSignal,
  use: (consortium: Consortium, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  // One backend for everybody, so that a seed means the same accuracies wherever the optional one is installed.
  const started = processes({ HOLDFAST_BACKEND: "wasm" });
  const stopped = AbortSignal.any([signal, started.failed]);
  const parts: Parts = { folder, started, ...foundation };
  try {
    return await untilAborted(stopped, async () => use(await found(parts, stopped), stopped));
  } finally {
    await started.stopAll();
    await parts.coalition?.close();
    parts.admin?.close();
    if (!foundation.options.keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Parts extends Foundation {
  readonly folder: string;
  readonly started: Processes;
  coalition?: CoalitionRelay;
  admin?: AdminClient;
}

/** Rejects with the signal's reason as soon as it aborts, whatever the work is waiting for. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work(), aborted]);
}

async function found(parts: Parts, signal: AbortSignal): Promise<Consortium> {
  const { options, folder, say } = parts;
  const members = memberList(options);
  const homes = members.map(({ name }) => join(folder, name));
  const sharing = { partition: options.partition, seed: options.seed, minimum: BATCH_SIZE };
  const [shares, address] = await Promise.all([
    writeShares(parts.mnist.train, homes, sharing),
    startCoordinator(parts),
  ]);
  say(
    `MNIST shared out to ${homes.length} folders (${partitionText(options.partition)}), ${sizesText(shares)} images each`,
  );
  say(`coordinator listening on ${address} with TLS`);
  const admin = adminClient(await readAdminProfile(join(folder, "coordinator", "admin.json"), say));
  parts.admin = admin;
  for (const { name } of members) await enroll(name, join(folder, name), admin);
  await startClients(parts, members, shares);
  await everyoneConnected(admin, members.length, signal);
  say(`${members.length} clients enrolled and connected, each a process with its own key`);
  return { admin, members, folder };
}

/** Honest clients, then attackers; with no attack to carry out everybody is honest. */
function memberList({ numClients, numAttackers, attack }: DemoOptions): Member[] {
  const numHonest = attack === undefined ? numClients : numClients - numAttackers;
  return Array.from({ length: numClients }, (_, i) => {
    const isAttacker = i >= numHonest;
    const name = isAttacker ? `attacker-${i + 1 - numHonest}` : `client-${i + 1}`;
    return { name, clientId: clientIdOf(name), isAttacker };
  });
}

function sizesText(shares: readonly Share[]): string {
  const sizes = shares.map((it) => it.numExamples);
  return `${Math.min(...sizes).toLocaleString("en")} to ${Math.max(...sizes).toLocaleString("en")}`;
}

/** @returns the address that it listens on */
async function startCoordinator({ folder, started }: Parts): Promise<string> {
  const home = join(folder, "coordinator");
  const logPath = join(folder, "coordinator.log");
  const command = { name: "the coordinator", module: "cli", logPath };
  await started.run({ ...command, args: ["coordinator", "init", "--home", home, "--name", "demo"] });
  return new Promise((resolve) => {
    started.start({
      ...command,
      args: ["coordinator", "serve", "--home", home, "--listen", "127.0.0.1:0"],
      onLine: (line) => {
        const address = /^listening on (\S+)/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      },
    });
  });
}

const INVITATION_MS = 10 * 60_000;

/** Keys and enrolment as any site does them, in this process to spare ten start-ups. */
async function enroll(name: string, home: string, admin: AdminClient): Promise<void> {
  await makeKey(home);
  const bundle = join(home, "bundle.json");
  await writeFile(bundle, JSON.stringify(await admin.inviteClient(name, INVITATION_MS)), { mode: 0o600 });
  await enrollHome({ home, bundle, forcePlaintext: false }, pino({ level: "silent" }));
}

async function startClients(parts: Parts, members: readonly Member[], shares: readonly Share[]): Promise<void> {
  const { folder, started } = parts;
  parts.coalition = await startCoalition(members.filter((it) => it.isAttacker).map((it) => it.name));
  for (const [i, { name }] of members.entries()) {
    const command = await commandOf(members[i] as Member, shares[i] as Share, parts);
    started.start({ name, logPath: join(folder, `${name}.log`), ...command });
  }
}

/** What an honest client runs is the client of any site; an attacker runs it with one part decorated. */
async function commandOf(
  { name, isAttacker }: Member,
  { images, labels }: Share,
  { options, folder, coalition }: Parts,
) {
  const home = join(folder, name);
  const { attack, numClients, numAttackers } = options;
  if (!isAttacker || attack === undefined || coalition === undefined) {
    return { module: "cli", args: ["client", "run", "--home", home, "--images", images, "--labels", labels] };
  }
  const of = { home, images, labels, attack, numClients, numAttackers, numClasses: MNIST_CLASSES };
  const settings: AttackerSettings = { ...of, coalition: coalition.accessOf(name) };
  const path = join(home, "attacker.json");
  await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
  return { module: "simulations/attacker", args: [path] };
}

const LOOK_AGAIN_MS = 100;

/** The clock of the first run starts when everybody is there, so that start-up does not count against its rule. */
async function everyoneConnected(admin: AdminClient, numClients: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const clients = await admin.listClients();
    if (clients.filter((it) => it.connected).length >= numClients) return;
    await setTimeout(LOOK_AGAIN_MS, undefined, { signal });
  }
}
