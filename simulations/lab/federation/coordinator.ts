import pino from "pino";
import {
  type Coordinator,
  type Home,
  inlineEngine,
  memoryBlobStore,
  memoryJournal,
  openCoordinator,
} from "../../../coordinator/index.ts";
import type { Clock } from "../../../core/clock.ts";
import { sha256Bytes } from "../../../core/crypto/sha256.ts";
import { coordinatorSigningKey } from "../../../core/crypto/sign.ts";
import { asFederationId, toHex } from "../../../core/ids.ts";
import { seededRandom } from "../../../core/random/seeded.ts";
import { wasmKernels } from "../../../core/vector/kernels/wasm-kernels.ts";

export interface LabCoordinatorOptions {
  /** From which every key, cohort and noise of the federation follows: nothing of it is secret. Sessions draw from the system. */
  readonly seed: string;
  readonly numClients: number;
  readonly clock: Clock;
  /** For files that somebody asks the memory stores for. */
  readonly scratchFolder: string;
  readonly fatal: (error: unknown) => void;
}

/** All clients of a wire share one address, as many calls as they make are what an experiment is, and its clock stands. */
const NO_RATE_LIMITS = { unauthenticatedCallsPerSecond: 1e12, callsPerClientPerSecond: 1e12 };

/** Far more than two rounds of small updates. */
const MAX_BLOB_BYTES = 512 << 20;

/** A whole coordinator in this thread and in memory: the deployed one, with its randomness seeded. */
export async function labCoordinator(options: LabCoordinatorOptions): Promise<Coordinator> {
  const { seed, numClients, clock, scratchFolder, fatal } = options;
  const home = labHome(seed);
  const journal = { origin: home.federationId, logKey: home.logKey, clock, onFailure: fatal, admissionWindowMs: 0 };
  return openCoordinator({
    home,
    log: pino({ level: "silent" }),
    limits: { maxSessions: numClients, strangersPerAddress: numClients, ...NO_RATE_LIMITS },
    clock,
    random: seededRandom(sha256Bytes(`${seed} coordinator`)),
    journal: memoryJournal(journal, MAX_BLOB_BYTES),
    blobs: memoryBlobStore(scratchFolder),
    engine: inlineEngine({ kernels: wasmKernels() }),
    fatal,
  });
}

function labHome(seed: string): Home {
  const bytes = (what: string) => sha256Bytes(`${seed} ${what}`);
  return {
    folder: "",
    federationId: asFederationId(toHex(bytes("federation").subarray(0, 16))),
    name: "lab",
    hosts: [],
    coordinatorKey: coordinatorSigningKey(bytes("coordinator key")),
    logKey: coordinatorSigningKey(bytes("log key")),
    adminKey: coordinatorSigningKey(bytes("admin key")),
    noiseMaster: bytes("noise"),
  };
}
