import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BLOCK_LENGTH } from "./layout.ts";
import type { DistancePath } from "./pairwise.ts";

/** Rows in a WebAssembly memory that threads share, each zero behind its end up to a whole block. */
export interface RowMemory {
  readonly memory: WebAssembly.Memory;
  readonly numRows: number;
  readonly numCoordinates: number;
  /** Where a row begins, in bytes. */
  addressOf(row: number): number;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;
const BLOCK_BYTES = BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT;
/** Rows lie a cache line further apart than they are long, or all of them would fall into the same sets of the cache. */
const ROW_GAP = 64;

/** Undefined beyond the 4 GiB that WebAssembly can address, or where this machine gives none. */
export function rowMemory(numRows: number, numCoordinates: number): RowMemory | undefined {
  const stride = Math.ceil(numCoordinates / BLOCK_LENGTH) * BLOCK_BYTES + ROW_GAP;
  const numPages = Math.ceil((numRows * stride) / PAGE_BYTES);
  if (numPages > MAX_PAGES) return undefined;
  try {
    const memory = new WebAssembly.Memory({ initial: numPages, maximum: numPages, shared: true });
    return { memory, numRows, numCoordinates, addressOf: (row) => row * stride };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Pairs of rows over one block, at addresses of the memory; bit for bit those of pairwise.ts. */
export interface PairsInPlace {
  /** ||a - c||^2 and ||b - c||^2. */
  squaredDistances(a: number, b: number, c: number, path: DistancePath): readonly [number, number];
  innerProduct(a: number, b: number, path: DistancePath): number;
}

interface Exports {
  squaredDistances(a: number, b: number, c: number, exact: boolean): number;
  readonly second: { readonly value: number };
  innerProduct(a: number, b: number, exact: boolean): number;
}

/** The module (assembly/in-place.ts) is read and compiled before this returns: call it once in every thread. */
export function pairsInPlace(): (memory: WebAssembly.Memory) => PairsInPlace {
  const module = new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve("#in-place.wasm")));
  return (memory) => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const wasm = exports as unknown as Exports;
    return {
      squaredDistances: (a, b, c, path) => [wasm.squaredDistances(a, b, c, path === "exact"), wasm.second.value],
      innerProduct: (a, b, path) => wasm.innerProduct(a, b, path === "exact"),
    };
  };
}
