import { FederationError } from "../../errors.ts";
import type { Panel } from "./kernels.ts";
import { BLOCK_LENGTH } from "./layout.ts";
import { WasmPanel } from "./wasm-panel.ts";

/**
 * Rows in a WebAssembly memory that threads share, each zero behind its end up to a whole block; plain data that a thread
 * can be told.
 */
export interface RowMemory {
  /** No other memory of the process has it: in each thread, and with each message, the memory is another object. */
  readonly id: string;
  readonly memory: WebAssembly.Memory;
  readonly numRows: number;
  readonly numCoordinates: number;
}

/** Which rows of a memory are read, and how far. */
export interface Placed {
  /** Where each begins, in bytes. */
  readonly addresses: readonly number[];
  readonly numBlocks: number;
  readonly numMixed: number;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;
/** Rows lie a cache line further apart than they are long, or all of them would fall into the same sets of the cache. */
const ROW_GAP = 64;
/** More rows go through a panel: of the memory that their kernels need for themselves a part grows with the square. */
const MOST_ROWS = 1_024;
/**
 * Threads that can read at once. The memory begins with a word for each, 1 while it is reading, and behind these another
 * for each: the page where its region begins, 0 until one is there.
 */
const MOST_READERS = 64;
const HEADER_BYTES = 2 * MOST_READERS * Int32Array.BYTES_PER_ELEMENT;

/** Undefined beyond the 4 GiB that WebAssembly can address, or where this machine gives none. */
export function rowMemory(id: string, numRows: number, numCoordinates: number): RowMemory | undefined {
  const initial = Math.ceil((HEADER_BYTES + numRows * strideOf(numCoordinates)) / PAGE_BYTES);
  if (initial > MAX_PAGES) return undefined;
  try {
    const memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true });
    return { id, memory, numRows, numCoordinates };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export function rowIn({ memory, numCoordinates }: RowMemory, index: number): Float32Array {
  return new Float32Array(memory.buffer, HEADER_BYTES + index * strideOf(numCoordinates), numCoordinates);
}

function strideOf(numCoordinates: number): number {
  return Math.ceil(numCoordinates / BLOCK_LENGTH) * BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT + ROW_GAP;
}

/** Gives `work` a panel of rows where they lie. Undefined, and no work done, where that is not possible. */
export type ReadInPlace = <Result>(
  rows: RowMemory,
  placed: Placed,
  work: (panel: Panel) => Result,
) => Result | undefined;

/** @param module of the kernels, in memory that threads share */
export function readerInPlace(module: WebAssembly.Module): ReadInPlace {
  /** Held weakly, or the memory of rows that nobody needs would live as long as the thread. */
  let last: { readonly id: string; readonly reader: number; readonly panel: WeakRef<WasmPanel> } | undefined;

  function panelOf(rows: RowMemory, reader: number): WasmPanel | undefined {
    const known = last?.id === rows.id && last.reader === reader ? last.panel.deref() : undefined;
    const panel = known ?? panelIn(module, rows, reader);
    last = panel && { id: rows.id, reader, panel: new WeakRef(panel) };
    return panel;
  }

  return (rows, { addresses, numBlocks, numMixed }, work) => {
    const most = Math.min(rows.numRows, MOST_ROWS);
    if (addresses.length > most || numMixed > most) return undefined;
    const readers = new Int32Array(rows.memory.buffer, 0, MOST_READERS);
    const reader = firstFree(readers, last?.id === rows.id ? last.reader : 0);
    if (reader === undefined) return undefined;
    try {
      const panel = panelOf(rows, reader);
      panel?.place(addresses, numBlocks);
      return panel && work(panel);
    } finally {
      Atomics.store(readers, reader, 0);
    }
  };
}

/** The wanted one, if it can be: what lies there may still be in the processor's cache. */
function firstFree(readers: Int32Array, wanted: number): number | undefined {
  return [wanted, ...readers.keys()].find((reader) => Atomics.compareExchange(readers, reader, 0, 1) === 0);
}

/** In the region of this reader, which is made once: whoever reads there later finds it. */
function panelIn(module: WebAssembly.Module, { memory, numRows }: RowMemory, reader: number): WasmPanel | undefined {
  const pages = new Int32Array(memory.buffer, 0, 2 * MOST_READERS);
  const most = Math.min(numRows, MOST_ROWS);
  const page = pages[MOST_READERS + reader] || -1;
  // this thread may not have noticed yet that another has grown it
  memory.grow(0);
  try {
    const panel = new WasmPanel(module, memory, { numRows: most, numBlocks: 0, numMixed: most }, page);
    pages[MOST_READERS + reader] = panel.firstPage;
    return panel;
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}
