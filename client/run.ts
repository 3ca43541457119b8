import type { Logger } from "pino";
import { systemClock } from "../core/clock.ts";
import { type DataFiles, readDataset } from "../core/data/data-files.ts";
import { secureRandom } from "../core/random/secure.ts";
import { clientHome, makeFolder, readProfile } from "./config.ts";
import { grpcTransport } from "./grpc/grpc-transport.ts";
import { openHeads } from "./heads.ts";
import { lockFolder } from "./home-lock.ts";
import { readKey } from "./keys.ts";
import { openOutbox } from "./outbox.ts";
import { type ParticipantParts, participant } from "./participant.ts";
import { OPEN_POLICY, type Policy, readPolicy } from "./policy.ts";
import { openLedger } from "./privacy/privacy-ledger.ts";
import { receiptsIn } from "./receipts.ts";
import { commandTrainer } from "./training/command-trainer.ts";
import { tfjsTrainer } from "./training/tfjs-trainer.ts";
import type { Trainer } from "./training/trainer.ts";
import { timerWait } from "./wait.ts";

/** Who trains: TensorFlow.js on this site's files, or another program. */
export type Training =
  | ({ readonly by: "tensorflow" } & DataFiles)
  | { readonly by: "command"; readonly command: string; readonly timeoutMs: number };

export interface RunOptions {
  readonly home: string;
  readonly training: Training;
  /** The site policy's file; without one the site takes part in everything. */
  readonly policy?: string;
  readonly forcePlaintext: boolean;
}

export interface Surroundings {
  readonly log: Logger;
  /** For the person who started it. */
  readonly say: (line: string) => void;
  /** Ends the client in good order. */
  readonly signal: AbortSignal;
}

/**
 * Builds the client and takes part until the signal aborts.
 * @throws FOLDER_LOCKED; what openTrainer, openParts and the participant throw
 */
export async function runClient(options: RunOptions, surroundings: Surroundings): Promise<void> {
  await readProfile(options.home);
  const release = await lockFolder(clientHome(options.home).lock);
  try {
    await runLocked(options, surroundings);
  } finally {
    await release();
  }
}

async function runLocked(options: RunOptions, { log, say, signal }: Surroundings): Promise<void> {
  const policy = options.policy === undefined ? OPEN_POLICY : await readPolicy(options.policy);
  const trainer = await openTrainer(options.training, options.home);
  const parts = await openParts({ ...options, policy, trainer }, log);
  try {
    say(`client ${parts.profile.clientName} of the federation at ${parts.profile.address}`);
    say(`training by ${trainer.description}`);
    say(`policy: ${options.policy ?? "none, every task is taken"}`);
    await participant(parts).run(signal);
  } finally {
    parts.transport.close();
    await trainer.close();
  }
}

/** @throws FILE_MISSING, DATA_FILE_INVALID, CONFIG_INVALID for a map of columns, BACKEND_UNAVAILABLE */
async function openTrainer(training: Training, home: string): Promise<Trainer> {
  if (training.by === "tensorflow") {
    return tfjsTrainer({ dataset: await readDataset(training) });
  }
  const { work } = clientHome(home);
  await makeFolder(work);
  return commandTrainer({ command: training.command, workFolder: work, timeoutMs: training.timeoutMs });
}

export interface PartsOptions {
  /** Enrolled: it holds a key and a profile. */
  readonly home: string;
  readonly policy: Policy;
  readonly trainer: Trainer;
  readonly forcePlaintext: boolean;
}

/**
 * The parts of a deployed client.
 * @throws FILE_MISSING, CONFIG_INVALID, KEY_FILE_UNSAFE, DATA_FILE_INVALID, PLAINTEXT_REFUSED
 */
export async function openParts(options: PartsOptions, log: Logger): Promise<ParticipantParts> {
  const { home, policy, trainer, forcePlaintext } = options;
  const profile = await readProfile(home);
  const signer = await readKey(home, (text) => log.warn(text));
  const ledger = await openLedger(clientHome(home).ledger);
  const outbox = await openOutbox(clientHome(home).outbox, log);
  const heads = await openHeads({ path: clientHome(home).head, profile, clock: systemClock });
  const receipts = receiptsIn(clientHome(home), systemClock);
  const transport = grpcTransport({ profile, signer, log, forcePlaintext });
  const [clock, random, wait] = [systemClock, secureRandom, timerWait];
  return { profile, signer, transport, trainer, policy, ledger, outbox, heads, receipts, clock, random, wait, log };
}
