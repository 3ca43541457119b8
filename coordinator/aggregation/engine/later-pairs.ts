import type { PairsInPlace } from "../../../core/vector/kernels/in-place.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { MemoryRow } from "./engine.ts";
import { notFinite } from "./read-row.ts";
import type { Part, Piece, Task } from "./tasks.ts";

export type ReadInPlace = (memory: WebAssembly.Memory) => PairsInPlace;

/** Later rows up to which reading all rows where they lie costs less than bringing them into a panel. */
const FEW = 4;
const BLOCK_BYTES = BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT;

/**
 * The pairs of a few rows that came later with all rows, read where they lie; the bits of the panel kernels.
 * Undefined where that is not possible, or not worth while.
 * @throws NOT_FINITE where a later row is not
 */
export function laterPairs(piece: Piece, readInPlace: ReadInPlace): Part | undefined {
  const { task, sources } = piece;
  if (task.kind !== "pairs" || sources.length - task.firstRow > FEW) return undefined;
  const rows = sources.filter((source) => source.kind === "memory" && source.memory !== undefined) as MemoryRow[];
  const memory = rows[0]?.memory;
  if (memory === undefined || rows.length < sources.length) return undefined;
  return sumPairs(piece, task, rows, readInPlace(memory));
}

function sumPairs(piece: Piece, task: PairsTask, rows: readonly MemoryRow[], kernels: PairsInPlace): Part {
  const { firstBlock, numBlocks } = piece;
  const n = rows.length;
  const productsSize = task.innerProducts ? n * n : n;
  const distances = new Float64Array(numBlocks * n * n);
  const products = new Float64Array(numBlocks * productsSize);
  for (let block = 0; block < numBlocks; block++) {
    const start = (firstBlock + block) * BLOCK_BYTES;
    const addresses = rows.map(({ values }) => values.byteOffset + start);
    for (const [i, address] of addresses.entries()) {
      if (i < task.firstRow) continue;
      if (Number.isFinite(kernels.innerProduct(address, address, "exact"))) continue;
      throw notFinite(rows, i, start / Float32Array.BYTES_PER_ELEMENT);
    }
    sumBlock(addresses, task, kernels, {
      squaredDistances: distances.subarray(block * n * n, (block + 1) * n * n),
      innerProducts: products.subarray(block * productsSize, (block + 1) * productsSize),
    });
  }
  return { sums: [distances, products], values: [] };
}

/** The later rows' blocks stay in the cache while the others pass by, two at a time. */
function sumBlock(addresses: readonly number[], task: PairsTask, kernels: PairsInPlace, into: BlockSums): void {
  for (let i = 0; i < addresses.length; i += 2) {
    for (let j = Math.max(i, task.firstRow); j < addresses.length; j++) {
      sumPair(i < j ? [i, i + 1] : [i], j, addresses, task, kernels, into);
    }
  }
}

/** One or two rows with a later one, or with themselves. */
function sumPair(
  passing: readonly number[],
  later: number,
  addresses: readonly number[],
  { path, innerProducts }: PairsTask,
  kernels: PairsInPlace,
  into: BlockSums,
): void {
  const n = addresses.length;
  const [first, second = first] = passing.map((row) => addresses[row]) as [number, number?];
  const withLater = addresses[later] as number;
  const distances = kernels.squaredDistances(first, second, withLater, path);
  for (const [k, row] of passing.entries()) {
    into.squaredDistances[row * n + later] = distances[k] as number;
    if (!innerProducts && row !== later) continue;
    const product = kernels.innerProduct(addresses[row] as number, withLater, path);
    into.innerProducts[innerProducts ? row * n + later : row] = product;
  }
}

interface BlockSums {
  readonly squaredDistances: Float64Array;
  /** Of all pairs, or the norms alone. */
  readonly innerProducts: Float64Array;
}

type PairsTask = Extract<Task, { kind: "pairs" }>;
