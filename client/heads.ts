import { readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { verifyHead } from "../core/crypto/statements.ts";
import { verifier } from "../core/crypto/verify.ts";
import { FederationError } from "../core/errors.ts";
import { DurableDisk } from "../core/files/durable-write.ts";
import { fromHex } from "../core/ids.ts";
import type { SignedHead } from "../core/statements.ts";
import type { ClientProfile } from "./profile.ts";

/**
 * The newest head of the coordinator's log that this client has seen. A coordinator that cuts off or rewrites its
 * history cannot take back the heads it signed. Every head given to it is verified already.
 */
export interface Heads {
  readonly newest: SignedHead | undefined;
  /**
   * A session opens with the log's newest head, so it reaches at least as far as any this client has seen.
   * @throws LOG_FORKED, STORAGE_FAILED
   */
  opened(head: SignedHead | undefined): Promise<void>;
  /**
   * A receipt holds the head of its own commit group, which may be an older one.
   * @throws LOG_FORKED, STORAGE_FAILED
   */
  received(head: SignedHead): Promise<void>;
  /** Makes the newest head durable, however recently another one was. @throws STORAGE_FAILED */
  save(): Promise<void>;
}

interface HeadsParts {
  readonly path: string;
  readonly profile: Pick<ClientProfile, "federationId" | "logKey">;
  readonly clock: Clock;
}

/** Heads come with every round; a client that is killed forgets no more than this much of them. */
const SAVE_EVERY_MS = 1_000;

/** @throws DATA_FILE_INVALID when the file holds no head that the log's key signed for this federation */
export async function openHeads({ path, profile, clock }: HeadsParts): Promise<Heads> {
  let newest = await readHead(path, profile);
  let saved = newest;
  let savedAtMs = Number.NEGATIVE_INFINITY;

  async function save(): Promise<void> {
    if (newest === undefined || newest === saved) return;
    const saving = newest;
    savedAtMs = clock.monotonicMs();
    await writeHead(path, saving);
    saved = saving;
  }

  async function received(head: SignedHead): Promise<void> {
    if (head.size === newest?.size && head.root !== newest.root) throw forked(head, newest);
    if (newest === undefined || head.size > newest.size) newest = head;
    if (clock.monotonicMs() - savedAtMs >= SAVE_EVERY_MS) await save();
  }

  return {
    get newest() {
      return newest;
    },
    async opened(head) {
      if (newest !== undefined && (head?.size ?? 0) < newest.size) throw forked(head, newest);
      if (head !== undefined) await received(head);
    },
    received,
    save,
  };
}

export async function writeHead(path: string, head: SignedHead): Promise<void> {
  await new DurableDisk().write(path, [Buffer.from(`${JSON.stringify(head)}\n`)]);
}

function forked(head: SignedHead | undefined, seen: SignedHead): FederationError {
  const told = head === undefined ? "is empty" : `has ${head.size} entries with root ${head.root}`;
  return new FederationError(
    "LOG_FORKED",
    `the coordinator's log ${told}; this client has seen ${seen.size} with root ${seen.root}: it was cut off or rewritten`,
  );
}

async function readHead(path: string, profile: HeadsParts["profile"]): Promise<SignedHead | undefined> {
  const json = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (json === undefined) return undefined;
  const head = signedHead(json, profile);
  if (head !== undefined) return head;
  throw new FederationError("DATA_FILE_INVALID", `${path} holds no head of this federation's log`);
}

/** What the log's key signed has the form of a head: the signature covers every field. */
function signedHead(json: string, { federationId, logKey }: HeadsParts["profile"]): SignedHead | undefined {
  try {
    const head = JSON.parse(json) as SignedHead;
    return head.origin === federationId && verifyHead(head, verifier(fromHex(logKey))) ? head : undefined;
  } catch {
    return undefined;
  }
}
