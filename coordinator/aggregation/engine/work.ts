import { FederationError } from "../../../core/errors.ts";
import type { Panel } from "../../../core/vector/kernels/kernels.ts";
import { BLOCK_LENGTH, spanLength } from "../../../core/vector/kernels/layout.ts";
import { innerProduct } from "../../../core/vector/kernels/pairwise.ts";
import { sumOfSquares } from "../../../core/vector/norms.ts";
import { gridSums } from "./grid-sums.ts";
import { coordinatesWithin, lengthOf, type Part, type Piece, type Task } from "./tasks.ts";

/** Coordinates of a piece. */
export interface Span {
  /** Where they lie in the rows of the panel. */
  readonly start: number;
  /** Coordinates of the piece before them. */
  readonly done: number;
  readonly length: number;
}

/** What a task does with one span after the other. */
export interface Work {
  /** Coordinates of a span, the last of which may be shorter: a block where the kernels add up over blocks. */
  readonly step: number;
  onSpan(span: Span): void;
  readonly part: Part;
  /** Whether what it found leaves a doubt that the rows are finite; without it they are looked at beforehand. */
  mayBeInfinite?(span: Span): boolean;
}

type TaskOf<Kind extends Task["kind"]> = Extract<Task, { kind: Kind }>;

export function workOf(piece: Piece, panel: Panel): Work {
  const { task } = piece;
  switch (task.kind) {
    case "pairs":
      return pairs(task, piece, panel);
    case "weightedSums":
      return weightedSums(task, piece, panel);
    case "squaredNormsOfSums":
      return squaredNormsOfSums(task, piece, panel);
    case "columns":
      return columns(task, piece, panel);
    case "gridSums":
      return sumsOnGrid(task, piece, panel);
    case "innerProductsWithLast":
      return innerProductsWithLast(piece, panel);
    case "signCounts":
      return signCounts(task, piece, panel);
    case "sample":
      return sample(task, piece, panel);
    case "sumOfSquares":
      return sumOfSquaresOfRow(panel);
  }
}

function pairs(task: TaskOf<"pairs">, { sources, numBlocks }: Piece, panel: Panel): Work {
  const { path, innerProducts, firstRow, allNorms } = task;
  const n = sources.length;
  const step = innerProducts ? n + 1 : 1;
  const size = n * n;
  const productsSize = innerProducts ? size : n;
  const distances = new Float64Array(numBlocks * size);
  const products = new Float64Array(numBlocks * productsSize);
  return {
    step: BLOCK_LENGTH,
    onSpan({ start, done }) {
      const index = done / BLOCK_LENGTH;
      const squaredDistances = distances.subarray(index * size, (index + 1) * size);
      const ofBlock = products.subarray(index * productsSize, (index + 1) * productsSize);
      const others = innerProducts ? { innerProducts: ofBlock } : { squaredNorms: ofBlock };
      if (firstRow < n) panel.pairs(start, n, firstRow, path, { squaredDistances, ...others });
      if (!allNorms) return;
      const before = new Float64Array(firstRow);
      panel.squaredNorms(start, path, before);
      for (const [i, norm] of before.entries()) ofBlock[i * step] = norm;
    },
    // rows before the first were looked at when they were it
    mayBeInfinite({ done }) {
      const first = (done / BLOCK_LENGTH) * productsSize;
      for (let i = allNorms ? 0 : firstRow; i < n; i++) {
        if (!Number.isFinite(products[first + i * step])) return true;
      }
      return false;
    },
    part: { sums: [distances, products], values: [] },
  };
}

function weightedSums({ coefficients, into }: TaskOf<"weightedSums">, piece: Piece, panel: Panel): Work {
  const mayOverflow = coefficients.map(exceedsMean);
  return {
    step: spanLength(piece.sources.length),
    onSpan(span) {
      for (const [k, ofRows] of coefficients.entries()) {
        const values = within(into[k] as Float32Array, piece, span);
        panel.weightedSum(span.start, ofRows, values);
        if (mayOverflow[k] && !areFinite(values)) throw overflow(ofRows.length, firstOf(piece, span));
      }
    },
    part: { sums: [], values: [] },
  };
}

/** Whether the sum can be longer than every row. The slack is less than what rounds to infinity in float32. */
function exceedsMean(coefficients: Float64Array): boolean {
  return !(coefficients.reduce((sum, coefficient) => sum + Math.abs(coefficient), 0) <= 1 + 1e-9);
}

/** Several times as fast as asking each value: what is not finite times 0 is NaN, and stays so in the sum. */
function areFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * 0;
  return sum === 0;
}

function overflow(numRows: number, coordinate: number): FederationError {
  const where = `from coordinate ${coordinate} on`;
  return new FederationError("NOT_FINITE", `the sum of ${numRows} rows is beyond float32 ${where}`);
}

function squaredNormsOfSums({ weights }: TaskOf<"squaredNormsOfSums">, { numBlocks }: Piece, panel: Panel): Work {
  const norms = new Float64Array(numBlocks * weights.length);
  return {
    step: BLOCK_LENGTH,
    onSpan({ start, done }) {
      const first = (done / BLOCK_LENGTH) * weights.length;
      for (const [k, w] of weights.entries()) norms[first + k] = panel.squaredNormOfSum(start, w);
    },
    part: { sums: [norms], values: [] },
  };
}

/** Observed, each block of the rows meets what came out of it while it is still in the cache. */
function columns(task: TaskOf<"columns">, piece: Piece, panel: Panel): Work {
  const { mixing, kernel, numRows, observe, into } = task;
  const n = piece.sources.length;
  const outside = observe ? new Float64Array(numRows) : undefined;
  const products = observe ? productsWithResult(piece, panel) : undefined;
  return {
    step: spanLength(n),
    onSpan(span) {
      if (mixing !== undefined) panel.mix(span.start, span.length, mixing.values, numRows, n);
      const source = mixing === undefined ? span : "mixed";
      panel.columns(source, numRows, kernel, within(into, piece, span), outside);
      if (products !== undefined && endsBlock(span, piece)) products.onBlock(blockOf(span), into);
    },
    part: { sums: outside && products ? [outside, ...products.sums] : [], values: [] },
  };
}

function endsBlock({ done, length }: Span, piece: Piece): boolean {
  const end = done + length;
  return end % BLOCK_LENGTH === 0 || end === lengthOf(piece);
}

/** The block that ends with this span. */
function blockOf({ start, done, length }: Span): Span {
  const before = done % BLOCK_LENGTH;
  return { start: start - before, done: done - before, length: before + length };
}

/** Of every row with the vector that is being made of them, the squared norms of all rows, and that of the vector. */
function productsWithResult(piece: Piece, panel: Panel) {
  const { sources, numBlocks } = piece;
  const n = sources.length;
  const products = new Float64Array(numBlocks * n);
  const norms = new Float64Array(numBlocks * n);
  const ofResult = new Float64Array(numBlocks);
  const result = new Float32Array(BLOCK_LENGTH);
  return {
    onBlock(block: Span, into: Float32Array): void {
      const index = block.done / BLOCK_LENGTH;
      result.fill(0, block.length).set(within(into, piece, block));
      panel.innerProductsWith(block.start, result, products.subarray(index * n, (index + 1) * n));
      panel.squaredNorms(block.start, "exact", norms.subarray(index * n, (index + 1) * n));
      ofResult[index] = innerProduct(result, result, "exact");
    },
    sums: [products, norms, ofResult],
  };
}

function sumsOnGrid(options: TaskOf<"gridSums">, piece: Piece, panel: Panel): Work {
  const sums = new Float64Array(lengthOf(piece));
  return {
    step: BLOCK_LENGTH,
    onSpan({ start, done, length }) {
      const rows = piece.sources.map((_, i) => panel.row(i).subarray(start, start + BLOCK_LENGTH));
      gridSums(rows, options, sums.subarray(done, done + length));
    },
    part: { sums: [sums], values: [] },
  };
}

function innerProductsWithLast({ sources, numBlocks }: Piece, panel: Panel): Work {
  const n = sources.length;
  const products = new Float64Array(numBlocks * (n - 1));
  const norms = new Float64Array(numBlocks * n);
  return {
    step: BLOCK_LENGTH,
    onSpan({ start, done }) {
      const index = done / BLOCK_LENGTH;
      const last = panel.row(n - 1).subarray(start, start + BLOCK_LENGTH);
      panel.innerProductsWith(start, last, products.subarray(index * (n - 1), (index + 1) * (n - 1)));
      panel.squaredNorms(start, "exact", norms.subarray(index * n, (index + 1) * n));
    },
    part: { sums: [products, norms], values: [] },
  };
}

function signCounts({ mixing }: TaskOf<"signCounts">, { sources }: Piece, panel: Panel): Work {
  const n = sources.length;
  const numRows = mixing?.numOutputs ?? n;
  const positive = new Float64Array(numRows);
  const negative = new Float64Array(numRows);
  return {
    step: spanLength(n),
    onSpan(span) {
      if (mixing !== undefined) panel.mix(span.start, span.length, mixing.values, numRows, n);
      panel.countSigns(mixing === undefined ? span : "mixed", span.length, positive, negative);
    },
    part: { sums: [positive, negative], values: [] },
  };
}

function sample({ coordinates }: TaskOf<"sample">, piece: Piece, panel: Panel): Work {
  const { sources } = piece;
  const width = coordinates.length;
  const values = new Float32Array(sources.length * width);
  let taken = 0;
  return {
    step: BLOCK_LENGTH,
    onSpan(span) {
      const first = firstOf(piece, span);
      const here = coordinatesWithin(coordinates, first, first + span.length);
      for (let i = 0; i < sources.length; i++) {
        const row = panel.row(i).subarray(span.start);
        for (const [k, c] of here.entries()) values[i * width + taken + k] = row[c - first] as number;
      }
      taken += here.length;
    },
    part: { sums: [], values: [values] },
  };
}

function sumOfSquaresOfRow(panel: Panel): Work {
  const sum = new Float64Array(1);
  return {
    step: BLOCK_LENGTH,
    onSpan({ start, length }) {
      sum[0] = sumOfSquares(panel.row(0).subarray(start, start + length), sum[0]);
    },
    // the sum tells
    mayBeInfinite: () => false,
    part: { sums: [sum], values: [] },
  };
}

/** The first coordinate of a span. */
function firstOf({ firstBlock }: Piece, { done }: Span): number {
  return firstBlock * BLOCK_LENGTH + done;
}

/** The part of a vector of all coordinates that belongs to a span. */
function within(values: Float32Array, piece: Piece, span: Span): Float32Array {
  const first = firstOf(piece, span);
  return values.subarray(first, first + span.length);
}
