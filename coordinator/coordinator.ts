import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import { type Clock, systemClock } from "../core/clock.ts";
import type { ClientId } from "../core/ids.ts";
import type { Random } from "../core/random/random.ts";
import { secureRandom } from "../core/random/secure.ts";
import { Changes } from "./administration/changes.ts";
import { Gate } from "./admission/admit.ts";
import { ClientRegister } from "./admission/clients.ts";
import { receiptsFrom } from "./admission/receipts.ts";
import { SessionTable } from "./admission/sessions.ts";
import type { Engine } from "./aggregation/engine/engine.ts";
import { workerEngine } from "./aggregation/engine/worker-engine.ts";
import { type Home, homePaths } from "./config.ts";
import type { Limits, Parts } from "./parts.ts";
import { ChargeBook } from "./privacy/charge-book.ts";
import type { NoiseSource } from "./privacy/mechanisms/noise-source.ts";
import { noiseThreads } from "./privacy/mechanisms/noise-threads.ts";
import type { EventOf } from "./rounds/events.ts";
import { JobTable } from "./rounds/jobs.ts";
import type { BlobStore } from "./storage/blob-store.ts";
import { openFileBlobStore } from "./storage/file-blob-store.ts";
import type { Journal } from "./storage/journal.ts";
import { type Orphans, orphansOf } from "./storage/orphans.ts";
import { openSqliteJournal } from "./storage/sqlite-journal.ts";
import { witnessedJournal } from "./storage/witnessed-journal.ts";

const DEFAULT_LIMITS: Limits = {
  maxSessions: 1_000,
  uploadBytesInFlight: 256 << 20,
  minUploadBytesPerSecond: 1_024,
  slowWindowMs: 10_000,
  handshakeMs: 10_000,
  idleMs: 30_000,
  unauthenticatedCallsPerSecond: 50,
  callsPerClientPerSecond: 200,
  strangersPerAddress: 32,
  rowBudgetBytes: 512 << 20,
};

/** What can be exchanged: a simulation brings its own clock, randomness, journal and blobs. */
export interface CoordinatorOptions {
  readonly home: Home;
  readonly log: Logger;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  /** Of invitations and jobs: whom a round asks, and what its steps draw. Sessions always draw from the system's. */
  readonly random?: Random;
  readonly journal?: Journal;
  readonly blobs?: BlobStore;
  /** Does the arithmetic of aggregation; closed with the coordinator. */
  readonly engine?: Engine;
  /** Makes the noise of central privacy; closed with the coordinator. */
  readonly noiseSource?: NoiseSource;
  /** Threads of the engine and of the noise, where none are given. */
  readonly numThreads?: number;
  /** The disk or the journal failed: stop the process; a restart replays what was acknowledged. */
  readonly fatal: (error: unknown) => void;
}

export interface Coordinator {
  readonly parts: Parts;
  /** Continues the jobs that had not ended when the last process stopped. */
  resume(): Promise<void>;
  /** Leaves open rounds as they are, for the next process; resolves when no round is being closed. */
  halt(): Promise<void>;
  /** Ends sessions and closes the journal. */
  close(): Promise<void>;
}

/** More threads than this wait for memory, not for the processor. */
const MOST_THREADS = 8;
const REPLAY_BATCH = 1_024;
/** An upload that was left longer ago than this is not coming back. */
const KEEP_SPOOLS_MS = 86_400_000;

/** Composition root: storage, then who may take part, then jobs, then the gate; then the journal is replayed. */
export async function openCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { home, log, clock = systemClock, random = secureRandom, fatal } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { federationId } = home;
  const journal = options.journal ?? (await openJournal(home, clock, fatal));
  const blobs = options.blobs ?? (await openFileBlobStore(homePaths(home.folder).blobs, { onFailure: fatal }));
  await blobs.sweepSpools(clock.nowMs() - KEEP_SPOOLS_MS);
  const sessions = new SessionTable(secureRandom, limits.maxSessions);
  const dropSessions = (clientId: Parameters<typeof sessions.isConnected>[0]) => {
    sessions.end(clientId, "CLIENT_REVOKED");
    jobs.clientRevoked(clientId);
  };
  const released = (event: EventOf<"ClientReleased">) => jobs.clientReleased(event);
  const clients = new ClientRegister({ federationId, journal, clock, random, dropSessions, released });
  const signer = home.coordinatorKey;
  const charges = new ChargeBook();
  const founder = home.adminKey.publicKey;
  const isEnrolled = (clientId: ClientId) => clients.find(clientId) !== undefined;
  const changes = new Changes({ federationId, founder, journal, clock, isEnrolled });
  const { administrators } = changes;
  const { noiseMaster } = home;
  const shared = { federationId, signer, journal, blobs, clients, sessions, clock, random, log };
  const numThreads = options.numThreads ?? Math.min(availableParallelism(), MOST_THREADS);
  const engine = options.engine ?? workerEngine({ numThreads });
  const noiseSource = options.noiseSource ?? noiseThreads({ numThreads });
  const attemptOver = () => void admission.sweep().catch(fatal);
  const noise = { noiseMaster, noiseSource };
  const jobs = new JobTable({ ...shared, ...noise, attemptOver, engine, limits, charges, administrators, fatal });
  const receipts = receiptsFrom(journal, signer);
  const admission = new Gate({ ...shared, receipts, runningJob: (jobId) => jobs.running(jobId) });
  const orphans = await orphansOf(blobs);
  replay(journal, { changes, clients, jobs, orphans });
  await orphans.sweep(journal.head);
  const keys = { coordinator: signer, log: home.logKey };
  return {
    parts: {
      federationId,
      keys,
      journal,
      blobs,
      changes,
      clients,
      sessions,
      jobs,
      admission,
      limits,
      clock,
      random: secureRandom,
      log,
    },
    resume: () => jobs.resume(),
    halt: () => jobs.halt(),
    async close() {
      await jobs.halt();
      sessions.end("all", "SHUTTING_DOWN");
      await Promise.all([engine.close(), noiseSource.close()]);
      journal.close();
    },
  };
}

async function openJournal(home: Home, clock: Clock, onFailure: (error: unknown) => void): Promise<Journal> {
  const { federationId: origin, logKey, folder } = home;
  const { journal: path, witness } = homePaths(folder);
  const journal = await openSqliteJournal({ path, origin, logKey, clock, onFailure });
  return witnessedJournal(journal, witness, logKey.publicKey).catch((error: unknown) => {
    journal.close();
    throw error;
  });
}

interface Registers {
  readonly changes: Changes;
  readonly clients: ClientRegister;
  readonly jobs: JobTable;
  readonly orphans: Orphans;
}

function replay(journal: Journal, { changes, clients, jobs, orphans }: Registers): void {
  for (let index = 0; index < journal.size; index += REPLAY_BATCH) {
    for (const stored of journal.read(index, REPLAY_BATCH)) {
      changes.replay(stored.event);
      clients.replay(stored.event);
      jobs.replay(stored);
      orphans.see(stored);
    }
  }
}
