import type { RowMemory } from "../../../core/vector/kernels/in-place.ts";
import type { Kernels, Panel, PanelSize } from "../../../core/vector/kernels/kernels.ts";
import { BLOCK_LENGTH, MAX_PAIRED_ROWS } from "../../../core/vector/kernels/layout.ts";
import type { MemoryRow } from "./engine.ts";
import { notFinite, readRow } from "./read-row.ts";
import { lengthOf, type Part, type Piece, type Task } from "./tasks.ts";
import { type Span, type Work, workOf } from "./work.ts";

/** Kernels, and the last panel that was made of them. */
export interface PieceKernels {
  panelOf(size: PanelSize): Panel;
  readonly inPlace: Kernels["inPlace"];
}

/**
 * A piece of work from its first byte to its last, in this thread and without a pause. Rows of one shared memory are read
 * where they lie, others panel by panel.
 * @throws NOT_FINITE if a row holds NaN or an infinity, which admission had promised it does not
 * @throws STORAGE_FAILED, PAYLOAD_LENGTH_MISMATCH
 */
export function runPiece(piece: Piece, kernels: PieceKernels): Part {
  return inPlace(piece, kernels) ?? throughPanel(piece, kernels);
}

function inPlace(piece: Piece, kernels: PieceKernels): Part | undefined {
  const { task, sources, firstBlock, numBlocks, numCoordinates } = piece;
  const rows = sources as readonly MemoryRow[];
  const memory = memoryOf(piece);
  if (memory === undefined || memory.numCoordinates < numCoordinates) return undefined;
  const start = firstBlock * BLOCK_LENGTH * Float32Array.BYTES_PER_ELEMENT;
  const addresses = rows.map(({ values }) => values.byteOffset + start);
  return kernels.inPlace(memory, { addresses, numBlocks, numMixed: numMixed(task) }, (panel) => {
    const work = workOf(piece, panel);
    workThrough({ start: 0, done: 0, length: lengthOf(piece) }, work, panel, piece);
    return work.part;
  });
}

/** The memory that all rows lie in. */
function memoryOf({ sources }: Piece): RowMemory | undefined {
  const [first] = sources;
  const memory = first?.kind === "memory" ? first.memory : undefined;
  return sources.every((row) => row.kind === "memory" && row.memory?.id === memory?.id) ? memory : undefined;
}

function throughPanel(piece: Piece, { panelOf }: PieceKernels): Part {
  const { task, sources, firstBlock, panelBlocks } = piece;
  const panel = panelOf({ numRows: sources.length, numBlocks: panelBlocks, numMixed: numMixed(task) });
  const work = workOf(piece, panel);
  const total = lengthOf(piece);
  for (let done = 0; done < total; done += panelBlocks * BLOCK_LENGTH) {
    const length = Math.min(panelBlocks * BLOCK_LENGTH, total - done);
    fill(panel, piece, firstBlock * BLOCK_LENGTH + done, length);
    workThrough({ start: 0, done, length }, work, panel, piece);
  }
  return work.part;
}

/** Span by span of what lies in the panel. */
function workThrough(all: Span, work: Work, panel: Panel, piece: Piece): void {
  for (let at = 0; at < all.length; at += work.step) {
    const span = { start: all.start + at, done: all.done + at, length: Math.min(work.step, all.length - at) };
    if (work.mayBeInfinite === undefined) assertFinite(span, panel, piece);
    work.onSpan(span);
    if (work.mayBeInfinite?.(span)) assertFinite(span, panel, piece);
  }
}

export function pieceKernels(kernels: Kernels): PieceKernels {
  return { panelOf: panelsOf(kernels), inPlace: kernels.inPlace };
}

/** The last panel that was made, as long as it is large enough: a thread works on one piece at a time. */
function panelsOf(kernels: Kernels): (size: PanelSize) => Panel {
  let panel: Panel | undefined;
  return (size) => {
    const isEnough =
      panel !== undefined &&
      panel.numBlocks === size.numBlocks &&
      panel.numRows >= size.numRows &&
      panel.numMixed >= size.numMixed &&
      // beyond that many rows it has no memory for pairs
      (panel.numRows <= MAX_PAIRED_ROWS || size.numRows > MAX_PAIRED_ROWS);
    if (panel === undefined || !isEnough) panel = kernels.panel(size);
    return panel;
  };
}

function fill(panel: Panel, { sources }: Piece, start: number, length: number): void {
  const end = Math.ceil(length / BLOCK_LENGTH) * BLOCK_LENGTH;
  for (const [i, source] of sources.entries()) {
    const row = panel.row(i);
    readRow(source, start, row.subarray(0, length));
    row.fill(0, length, end);
  }
}

function assertFinite({ start, done, length }: Span, panel: Panel, { sources, firstBlock }: Piece): void {
  if (panel.isFinite(start, length, sources.length)) return;
  const holds = (i: number) =>
    panel
      .row(i)
      .subarray(start, start + length)
      .every(Number.isFinite);
  const row = sources.findIndex((_, i) => !holds(i));
  throw notFinite(sources, row, firstBlock * BLOCK_LENGTH + done);
}

function numMixed(task: Task): number {
  return "mixing" in task ? (task.mixing?.numOutputs ?? 0) : 0;
}
