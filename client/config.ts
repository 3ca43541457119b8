import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FederationError } from "../core/errors.ts";
import { DurableDisk } from "../core/files/durable-write.ts";
import { type ClientProfile, parseProfile } from "./profile.ts";

/** Where a client keeps what is its own: all under one folder, `--home`. */
export interface ClientHome {
  readonly key: string;
  readonly profile: string;
  readonly outbox: string;
  /** The newest head of the coordinator's log this client has seen. */
  readonly head: string;
  readonly receipts: string;
  /** Tasks that say what this client's privacy has cost, as the coordinator signed them. */
  readonly tasks: string;
  /** What this client has paid for updates noised by itself. */
  readonly ledger: string;
  /** Held while the client runs. */
  readonly lock: string;
  /** Each task of a command trainer gets a folder in here. */
  readonly work: string;
}

export function clientHome(folder: string): ClientHome {
  return {
    key: join(folder, "client.key"),
    profile: join(folder, "profile.json"),
    outbox: join(folder, "outbox"),
    head: join(folder, "head.json"),
    receipts: join(folder, "receipts.jsonl"),
    tasks: join(folder, "private-tasks.jsonl"),
    ledger: join(folder, "privacy.json"),
    lock: join(folder, "run.lock"),
    work: join(folder, "work"),
  };
}

/** For its owner alone, where the system has file modes. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** @throws FILE_MISSING before enrolment, CONFIG_INVALID */
export async function readProfile(home: string): Promise<ClientProfile> {
  const path = clientHome(home).profile;
  const json = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FederationError("FILE_MISSING", `${path}: cannot be read; enrol this client first`, { cause });
  });
  return parseProfile(json);
}

export async function writeProfile(home: string, profile: ClientProfile): Promise<void> {
  await new DurableDisk().write(clientHome(home).profile, [Buffer.from(`${JSON.stringify(profile, null, 2)}\n`)]);
}
