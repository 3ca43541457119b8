import { totalmem } from "node:os";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import type { RowSource } from "./engine.ts";
import type { Piece } from "./tasks.ts";

const BLOCK_BYTES = BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT;
/** A file is read a mebibyte at a time. */
const FILE_BLOCKS = (1 << 20) / BLOCK_BYTES;
/** What the panels of all threads take together, unless that of one alone takes more. */
const BYTES_AT_ONCE = 2 ** 30;
/** A panel takes a quarter of the machine's memory at most: no less than this, and no more than kernels can address. */
const LEAST_PANEL = 2 ** 29;
const MOST_PANEL = 3 * 2 ** 30;

/**
 * Blocks of every row that are in the kernels' memory at once: of rows in memory one, so that a block of all of them stays
 * in the processor's cache; of files a mebibyte of each, or less of thousands that would not fit.
 */
export function panelBlocksOf(sources: readonly RowSource[], numBlocks: number, most = mostPanelBytes()): number {
  if (!sources.some(isInFile)) return 1;
  return Math.max(1, Math.min(FILE_BLOCKS, Math.floor(most / (sources.length * BLOCK_BYTES)), numBlocks));
}

/** How many of so many threads may have such a panel at once. */
export function threadsWithPanel(
  { sources, panelBlocks }: Pick<Piece, "sources" | "panelBlocks">,
  numThreads: number,
): number {
  if (!sources.some(isInFile)) return numThreads;
  const panelBytes = sources.length * panelBlocks * BLOCK_BYTES;
  return Math.max(1, Math.min(numThreads, Math.floor(BYTES_AT_ONCE / panelBytes)));
}

export function isInFile(source: RowSource): boolean {
  return source.kind === "scaled" ? isInFile(source.source) : source.kind === "file";
}

function mostPanelBytes(): number {
  const granted = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.max(LEAST_PANEL, Math.min(MOST_PANEL, Math.min(totalmem(), granted) / 4));
}
