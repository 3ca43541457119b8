import { FederationError } from "../../../core/errors.ts";
import { BLOCK_LENGTH, MAX_PAIRED_ROWS } from "../../../core/vector/kernels/layout.ts";
import type { PairSums } from "../../../core/vector/kernels/pairwise.ts";
import type { Mixing, SignCounts } from "../rule.ts";
import type { ColumnOptions, Columns, Engine, InnerProducts, PairOptions, Room, RowSource, Rows } from "./engine.ts";
import { isInFile, panelBlocksOf } from "./file-panels.ts";
import type { GridOptions } from "./grid-sums.ts";
import { partsInOrder, type RunPiece } from "./in-order.ts";
import { coordinatesWithin, type MixingOfRows, type Part, type Piece, type Task } from "./tasks.ts";

/** Where pieces run, and how large they are to be there. */
export interface Executor {
  readonly run: RunPiece;
  /** Pieces under way or done and waiting for their turn. */
  readonly numAhead: number;
  /** Blocks of the next piece, of `numRows` rows in memory, when so many are left. */
  pieceBlocks(numRows: number, numLeft: number): number;
  /** The sources as they are best sent to where the pieces run. */
  prepared(sources: readonly RowSource[]): readonly RowSource[];
  /** Zeros that pieces can write to. */
  floats(length: number): Float32Array;
  /** Memory for rows, where it is best read from there. */
  roomFor(numRows: number, numCoordinates: number): Room;
}

export interface Size {
  readonly numRows: number;
  readonly numCoordinates: number;
}

/** An engine that cuts its rows into pieces of whole blocks and puts the parts together in ascending order. */
export class PiecewiseEngine implements Engine {
  readonly #executorFor: (rows: Size) => Executor;
  readonly combine: Engine["combine"];
  readonly mix: Engine["mix"];
  readonly close: () => Promise<void>;

  constructor(
    executorFor: (rows: Size) => Executor,
    { combine, mix, close }: Pick<Engine, "combine" | "mix" | "close">,
  ) {
    this.#executorFor = executorFor;
    this.combine = combine;
    this.mix = mix;
    this.close = close;
  }

  async pairs(rows: Rows, { path, innerProducts, firstRow = 0, allNorms = false }: PairOptions): Promise<PairSums> {
    const n = rows.sources.length;
    if (n > MAX_PAIRED_ROWS) {
      throw new FederationError("PANEL_TOO_LARGE", `${n} rows: at most ${MAX_PAIRED_ROWS} can be compared in pairs`);
    }
    const distances = new Float64Array(n * n);
    const products = new Float64Array(n * (innerProducts ? n : 1));
    const task: Task = { kind: "pairs", path, innerProducts, firstRow, allNorms };
    for await (const { sums } of this.#parts(rows, task)) {
      addBlocks(distances, sums[0]);
      addBlocks(products, sums[1]);
    }
    return {
      numRows: n,
      squaredDistances: distances,
      innerProducts: innerProducts ? products : diagonal(products),
    };
  }

  async weightedSums(rows: Rows, coefficients: readonly Float64Array[]): Promise<readonly Float32Array[]> {
    const taken = [...rows.sources.keys()].filter((i) => coefficients.some((ofRows) => ofRows[i] !== 0));
    const ofTaken = coefficients.map((ofRows) => Float64Array.from(taken, (i) => ofRows[i] as number));
    const sources = taken.map((i) => rows.sources[i] as RowSource);
    const taking = { ...rows, sources };
    const into = coefficients.map(() => this.#floats(taking));
    for await (const _ of this.#parts(taking, { kind: "weightedSums", coefficients: ofTaken, into }));
    return into;
  }

  async squaredNorms(rows: Rows, weights: readonly Float64Array[]): Promise<Float64Array> {
    const norms = new Float64Array(weights.length);
    if (weights.length === 0) return norms;
    for await (const { sums } of this.#parts(rows, { kind: "squaredNormsOfSums", weights })) addBlocks(norms, sums[0]);
    return norms;
  }

  async columns(rows: Rows, { mixing, kernel, numPicked, observe }: ColumnOptions): Promise<Columns> {
    const n = rows.sources.length;
    const numRows = mixing?.numOutputs ?? numPicked ?? n;
    const into = this.#floats(rows);
    const task: Task = { kind: "columns", mixing: mixing && overRows(mixing), kernel, numRows, observe, into };
    const totals = [numRows, n, n, 1].map((length) => new Float64Array(length));
    for await (const { sums } of this.#parts(rows, task)) {
      for (const [k, total] of totals.entries()) addBlocks(total, sums[k]);
    }
    const [outside, values, squaredNorms, ofValues] = totals as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const products = { values, squaredNorms, squaredNormOfVector: ofValues[0] as number };
    return { values: into, observed: observe ? { outside, products } : undefined };
  }

  async gridSums(rows: Rows, options: GridOptions): Promise<Float64Array> {
    const sums = new Float64Array(rows.numCoordinates);
    let start = 0;
    for await (const part of this.#parts(rows, { kind: "gridSums", ...options })) {
      const [ofPiece] = part.sums as readonly [Float64Array];
      sums.set(ofPiece, start);
      start += ofPiece.length;
    }
    return sums;
  }

  async innerProductsWith(rows: Rows, vector: Float32Array): Promise<InnerProducts> {
    const n = rows.sources.length;
    const values = new Float64Array(n);
    const norms = new Float64Array(n + 1);
    const sources: RowSource[] = [...rows.sources, { kind: "memory", values: vector }];
    for await (const { sums } of this.#parts({ ...rows, sources }, { kind: "innerProductsWithLast" })) {
      addBlocks(values, sums[0]);
      addBlocks(norms, sums[1]);
    }
    return { values, squaredNorms: norms.subarray(0, n), squaredNormOfVector: norms[n] as number };
  }

  async signCounts(rows: Rows, mixing: Mixing | undefined): Promise<SignCounts> {
    const numRows = mixing?.numOutputs ?? rows.sources.length;
    const positive = new Float64Array(numRows);
    const negative = new Float64Array(numRows);
    for await (const { sums } of this.#parts(rows, { kind: "signCounts", mixing: mixing && overRows(mixing) })) {
      addBlocks(positive, sums[0]);
      addBlocks(negative, sums[1]);
    }
    const zero = positive.map((above, i) => rows.numCoordinates - above - (negative[i] as number));
    return { positive, zero, negative };
  }

  async sample(rows: Rows, coordinates: Uint32Array): Promise<Float32Array> {
    const size = coordinates.length;
    const sampled = new Float32Array(rows.sources.length * size);
    let taken = 0;
    for await (const { values } of this.#parts(rows, { kind: "sample", coordinates })) {
      const [ofPiece] = values as readonly [Float32Array];
      const width = ofPiece.length / rows.sources.length;
      for (let i = 0; i < rows.sources.length; i++) {
        sampled.set(ofPiece.subarray(i * width, (i + 1) * width), i * size + taken);
      }
      taken += width;
    }
    return sampled;
  }

  /** A row is summed from its beginning to its end, so that rows and not blocks are shared among threads. */
  async norms(rows: Rows): Promise<Float64Array> {
    const { numCoordinates, signal } = rows;
    const executor = this.#executorFor(sizeOf(rows));
    const numBlocks = Math.ceil(numCoordinates / BLOCK_LENGTH);
    const pieces = executor.prepared(rows.sources).map((source): Piece => {
      const sources = [source];
      const panelBlocks = panelBlocksOf(sources, numBlocks);
      return { task: { kind: "sumOfSquares" }, sources, numCoordinates, firstBlock: 0, numBlocks, panelBlocks };
    });
    const norms: number[] = [];
    for await (const { sums } of partsInOrder(pieces, executor.run, executor.numAhead, signal)) {
      norms.push(Math.sqrt(sums[0]?.[0] ?? 0));
    }
    return Float64Array.from(norms);
  }

  roomFor(numRows: number, numCoordinates: number): Room {
    return this.#executorFor({ numRows, numCoordinates }).roomFor(numRows, numCoordinates);
  }

  /** Zeros, one for each coordinate, that the pieces of these rows can write to. */
  #floats(rows: Rows): Float32Array {
    return this.#executorFor(sizeOf(rows)).floats(rows.numCoordinates);
  }

  #parts(rows: Rows, task: Task): AsyncGenerator<Part> {
    const executor = this.#executorFor(sizeOf(rows));
    return partsInOrder(piecesOf(rows, task, executor), executor.run, executor.numAhead, rows.signal);
  }
}

const sizeOf = ({ sources, numCoordinates }: Rows): Size => ({ numRows: sources.length, numCoordinates });

function* piecesOf(rows: Rows, task: Task, executor: Executor): Generator<Piece> {
  const { numCoordinates } = rows;
  const sources = executor.prepared(rows.sources);
  const total = Math.ceil(numCoordinates / BLOCK_LENGTH);
  const panelBlocks = panelBlocksOf(sources, total);
  const inFiles = sources.some(isInFile);
  let firstBlock = 0;
  while (firstBlock < total) {
    const numLeft = total - firstBlock;
    const numBlocks = Math.min(inFiles ? panelBlocks : executor.pieceBlocks(sources.length, numLeft), numLeft);
    yield { task: ofPiece(task, firstBlock, numBlocks), sources, numCoordinates, firstBlock, numBlocks, panelBlocks };
    firstBlock += numBlocks;
  }
}

/** Only what it needs is sent to where a piece runs. */
function ofPiece(task: Task, firstBlock: number, numBlocks: number): Task {
  if (task.kind !== "sample") return task;
  const [from, to] = [firstBlock * BLOCK_LENGTH, (firstBlock + numBlocks) * BLOCK_LENGTH];
  return { ...task, coordinates: coordinatesWithin(task.coordinates, from, to).slice() };
}

/** Adds the sums of one block after the other, each as long as the total. */
function addBlocks(total: Float64Array, blocks: Float64Array | undefined): void {
  if (blocks === undefined) return;
  for (let start = 0; start < blocks.length; start += total.length) {
    for (let k = 0; k < total.length; k++) total[k] = (total[k] as number) + (blocks[start + k] as number);
  }
}

function diagonal(values: Float64Array): Float64Array {
  const n = values.length;
  const matrix = new Float64Array(n * n).fill(Number.NaN);
  for (const [i, value] of values.entries()) matrix[i * n + i] = value;
  return matrix;
}

/** Without the column of the origin, which adds nothing to a sum. */
function overRows({ numOutputs, numRows, values }: Mixing): MixingOfRows {
  const n = numRows - 1;
  const ofRows = new Float64Array(numOutputs * n);
  for (let i = 0; i < numOutputs; i++) ofRows.set(values.subarray(i * numRows + 1, (i + 1) * numRows), i * n);
  return { numOutputs, values: ofRows };
}
