import { Piscina } from "piscina";
import { FederationError } from "../../../core/errors.ts";
import { poolOptions, threadProgram } from "../../../core/threads.ts";
import { NOISE_BLOCK_LENGTH, type NoiseSpec, numNoiseBlocks } from "./noise.ts";
import { inlineNoise, type NoiseSource } from "./noise-source.ts";
import type { NoiseTask } from "./noise-worker.ts";

/** Values below which starting a thread costs more than it saves. */
const SMALL_WORK = 1 << 18;
/** Blocks that a thread takes at a time. */
const PIECE_BLOCKS = 2;
const IDLE_MS = 10_000;

export interface NoiseThreadsOptions {
  readonly numThreads: number;
  /** The thread's program; a test passes its own. */
  readonly worker?: URL;
}

/**
 * In threads of its own, which start when the first long vector is asked for, stay for a while after the last and never
 * keep the process alive; short vectors are made in this thread.
 */
export function noiseThreads({
  numThreads,
  worker = threadProgram("noise-worker", import.meta.url),
}: NoiseThreadsOptions): NoiseSource {
  let pool: Pool | undefined;
  let isClosed = false;
  return {
    /** @throws AGGREGATION_FAILED when a thread dies */
    async make(spec) {
      if (isClosed) throw new FederationError("SHUTTING_DOWN", "the noise threads were closed");
      if (spec.length * spec.terms.length < SMALL_WORK) return inlineNoise.make(spec);
      const threads = pool ?? startPool(numThreads, worker);
      pool = threads;
      return makeIn(threads, spec).catch(async (cause: unknown) => {
        // what waited for a thread that died would wait for ever
        if (pool === threads) pool = undefined;
        await threads.destroy();
        throw new FederationError("AGGREGATION_FAILED", `a noise thread failed: ${String(cause)}`, { cause });
      });
    },
    async close() {
      isClosed = true;
      await pool?.destroy();
    },
  };
}

type Pool = Piscina<NoiseTask, Float64Array>;

async function makeIn(pool: Pool, spec: NoiseSpec): Promise<Float64Array> {
  const noise = new Float64Array(spec.length);
  const pieces: Promise<void>[] = [];
  for (let firstBlock = 0; firstBlock < numNoiseBlocks(spec); firstBlock += PIECE_BLOCKS) {
    const numBlocks = Math.min(PIECE_BLOCKS, numNoiseBlocks(spec) - firstBlock);
    const made = pool.run({ spec, firstBlock, numBlocks });
    pieces.push(made.then((values) => noise.set(values, firstBlock * NOISE_BLOCK_LENGTH)));
  }
  await Promise.all(pieces);
  return noise;
}

function startPool(numThreads: number, worker: URL): Pool {
  const pool: Pool = new Piscina({
    filename: worker.href,
    name: "make",
    minThreads: 0,
    maxThreads: numThreads,
    idleTimeout: IDLE_MS,
    ...poolOptions(worker),
  });
  // a thread that could not even start: what waits for it would wait for ever
  pool.on("error", () => void pool.destroy());
  return pool;
}
