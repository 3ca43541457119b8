import { sha256Bytes } from "../../core/crypto/sha256.ts";
import { type DataFiles, digestOfData } from "../../core/data/data-files.ts";
import { FederationError } from "../../core/errors.ts";
import { fromHex } from "../../core/ids.ts";
import { trainingThread } from "../../core/model/training.ts";
import type { JobState } from "./job-state.ts";

/** The delta of the coordinator's own training, for rules that compare every update with it. */
export interface RootTraining {
  /** From the present version's weights; asked again for the same version, it is the same training. */
  update(state: JobState, base: () => Promise<Float32Array>): Promise<Float32Array>;
  close(): void;
}

/** However short the round: the coordinator may have more examples than any client. */
const LEAST_LIMIT_MS = 600_000;

/**
 * Trains as the clients do, in a thread that stays for the job. It may begin when a round opens, and is awaited when the round closes. What takes
 * longer than ten minutes and than the round's deadline fails with TRAINER_FAILED; closed, it fails with SHUTTING_DOWN.
 */
export function rootTraining(files: DataFiles, topology: Uint8Array | undefined): RootTraining {
  const stopped = new AbortController();
  const thread = trainingThread();
  let latest: { readonly version: number; readonly delta: Promise<Float32Array> } | undefined;

  async function train(state: JobState, base: () => Promise<Float32Array>): Promise<Float32Array> {
    await checkDigest(state, files);
    const { model, local } = state.plan;
    const training = { model, topology, files, local, batchSeed: batchSeed(state), base: await base() };
    const limitMs = Math.max(LEAST_LIMIT_MS, state.plan.round.deadlineMs);
    return within(limitMs, (signal) => thread.train(training, signal), stopped.signal);
  }

  return {
    update(state, base) {
      if (latest?.version !== state.version) {
        latest = { version: state.version, delta: train(state, base) };
        // whoever awaits it hears of a failure; before that it is nobody's
        latest.delta.catch(() => undefined);
      }
      return latest.delta;
    },
    close() {
      stopped.abort(new FederationError("SHUTTING_DOWN", "the job stops"));
      thread.close();
    },
  };
}

async function within(
  limitMs: number,
  train: (signal: AbortSignal) => Promise<Float32Array>,
  stopped: AbortSignal,
): Promise<Float32Array> {
  const late = AbortSignal.timeout(limitMs);
  try {
    return await train(AbortSignal.any([stopped, late]));
  } catch (cause) {
    stopped.throwIfAborted();
    if (!late.aborted) throw cause;
    throw new FederationError("TRAINER_FAILED", `root training took longer than ${limitMs} ms`, { cause });
  }
}

async function checkDigest({ plan }: JobState, files: DataFiles): Promise<void> {
  if ((await digestOfData(files)) !== plan.aggregation.rootDatasetSha256) {
    throw new FederationError(
      "DATA_FILE_INVALID",
      `${Object.values(files).join(", ")}: no longer the root dataset the plan names`,
    );
  }
}

/** SHA-256 of the plan's digest, which the plan's seed is part of, and the round (u64, big-endian). */
function batchSeed({ planSha256, version }: JobState): Uint8Array {
  const round = Buffer.alloc(8);
  round.writeBigUInt64BE(BigInt(version + 1));
  return sha256Bytes(fromHex(planSha256), round);
}
