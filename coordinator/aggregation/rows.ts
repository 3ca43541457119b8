import { setImmediate } from "node:timers/promises";
import { FederationError } from "../../core/errors.ts";
import { BLOCK_LENGTH, type Block, newBlock, rowOf } from "../../core/vector/kernels/layout.ts";
import { isFinite32 } from "../../core/vector/norms.ts";

/** Reads coordinates [start, start + length) of one update. `into` is filled and must not be kept. */
export interface RowSource {
  read(start: number, into: Float32Array): Promise<void>;
}

/** The updates of a round in their order, each of `numCoordinates` float32 values, read a block at a time. */
export interface Rows {
  readonly sources: readonly RowSource[];
  readonly numCoordinates: number;
  readonly signal: AbortSignal | undefined;
}

/** One block of every row; `block` is used again for the next one. */
export interface BlockOfRows {
  readonly start: number;
  /** Coordinates of the vector in it; the rest of the block is zero. */
  readonly length: number;
  readonly block: Block;
}

/**
 * All blocks in ascending order. Memory is one block of every row, whatever the size of the model.
 * @throws NOT_FINITE if a row holds NaN or an infinity, which admission had promised it does not
 */
export async function* blocksOf(rows: Rows): AsyncGenerator<BlockOfRows> {
  const block = newBlock(rows.sources.length);
  for (let start = 0; start < rows.numCoordinates; start += BLOCK_LENGTH) {
    const length = Math.min(BLOCK_LENGTH, rows.numCoordinates - start);
    if (length < BLOCK_LENGTH) block.fill(0);
    await Promise.all(rows.sources.map((source, i) => source.read(start, rowOf(block, i, length))));
    if (!isFinite32(block)) throw new FederationError("NOT_FINITE", `coordinates from ${start} on are not all finite`);
    yield { start, length, block };
    await pause(rows.signal);
  }
}

/** Lets the coordinator answer its clients between two pieces of a long computation. */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
