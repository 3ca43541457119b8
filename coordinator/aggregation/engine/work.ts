import { FederationError } from "../../../core/errors.ts";
import type { Panel } from "../../../core/vector/kernels/kernels.ts";
import { BLOCK_LENGTH } from "../../../core/vector/kernels/layout.ts";
import { sumOfSquares } from "../../../core/vector/norms.ts";
import { gridSums } from "./grid-sums.ts";
import { coordinatesWithin, type Part, type Piece, type Task } from "./tasks.ts";

/** What a task does with one block after the other; `index` counts the blocks of the piece. */
export interface Work {
  onBlock(block: number, index: number, length: number): void;
  readonly part: Part;
  /** Whether what it found leaves a doubt that the rows are finite; without it they are looked at beforehand. */
  mayBeInfinite?(index: number): boolean;
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

function pairs({ path, innerProducts, firstRow }: TaskOf<"pairs">, { sources, numBlocks }: Piece, panel: Panel): Work {
  const n = sources.length;
  const size = n * n;
  const productsSize = innerProducts ? size : n;
  const distances = new Float64Array(numBlocks * size);
  const products = new Float64Array(numBlocks * productsSize);
  return {
    onBlock(block, index) {
      const squaredDistances = distances.subarray(index * size, (index + 1) * size);
      const ofBlock = products.subarray(index * productsSize, (index + 1) * productsSize);
      const others = innerProducts ? { innerProducts: ofBlock } : { squaredNorms: ofBlock };
      panel.pairs(block, n, firstRow, path, { squaredDistances, ...others });
    },
    // rows before the first were looked at when they were it
    mayBeInfinite(index) {
      const step = innerProducts ? n + 1 : 1;
      for (let i = firstRow; i < n; i++) {
        if (!Number.isFinite(products[index * productsSize + i * step])) return true;
      }
      return false;
    },
    part: { sums: [distances, products], values: [] },
  };
}

function weightedSums({ coefficients, into }: TaskOf<"weightedSums">, { firstBlock }: Piece, panel: Panel): Work {
  const mayOverflow = coefficients.map(exceedsMean);
  return {
    onBlock(block, index, length) {
      for (const [k, ofRows] of coefficients.entries()) {
        const values = blockOf(into[k] as Float32Array, firstBlock + index, length);
        panel.weightedSum(block, ofRows, values);
        if (mayOverflow[k] && !areFinite(values)) throw overflow(ofRows.length, firstBlock + index);
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

function overflow(numRows: number, block: number): FederationError {
  const where = `from coordinate ${block * BLOCK_LENGTH} on`;
  return new FederationError("NOT_FINITE", `the sum of ${numRows} rows is beyond float32 ${where}`);
}

function squaredNormsOfSums({ weights }: TaskOf<"squaredNormsOfSums">, { numBlocks }: Piece, panel: Panel): Work {
  const norms = new Float64Array(numBlocks * weights.length);
  return {
    onBlock(block, index) {
      for (const [k, w] of weights.entries()) norms[index * weights.length + k] = panel.squaredNormOfSum(block, w);
    },
    part: { sums: [norms], values: [] },
  };
}

function columns({ mixing, kernel, countOutside, into }: TaskOf<"columns">, piece: Piece, panel: Panel): Work {
  const { sources, firstBlock } = piece;
  const numRows = mixing?.numOutputs ?? sources.length;
  const outside = new Float64Array(countOutside ? numRows : 0);
  return {
    onBlock(block, index, length) {
      if (mixing !== undefined) panel.mix(block, mixing.values, numRows, sources.length);
      const source = mixing === undefined ? { block } : "mixed";
      const values = blockOf(into, firstBlock + index, length);
      panel.columns(source, numRows, kernel, values, countOutside ? outside : undefined);
    },
    part: { sums: [outside], values: [] },
  };
}

function sumsOnGrid(options: TaskOf<"gridSums">, piece: Piece, panel: Panel): Work {
  const sums = new Float64Array(lengthOf(piece));
  return {
    onBlock(block, index, length) {
      const start = block * BLOCK_LENGTH;
      const rows = piece.sources.map((_, i) => panel.row(i).subarray(start, start + BLOCK_LENGTH));
      gridSums(rows, options, sums.subarray(index * BLOCK_LENGTH, index * BLOCK_LENGTH + length));
    },
    part: { sums: [sums], values: [] },
  };
}

function innerProductsWithLast({ sources, numBlocks }: Piece, panel: Panel): Work {
  const n = sources.length;
  const products = new Float64Array(numBlocks * (n - 1));
  const norms = new Float64Array(numBlocks * n);
  return {
    onBlock(block, index) {
      const last = panel.row(n - 1).subarray(block * BLOCK_LENGTH, (block + 1) * BLOCK_LENGTH);
      panel.innerProductsWith(block, last, products.subarray(index * (n - 1), (index + 1) * (n - 1)));
      panel.squaredNorms(block, norms.subarray(index * n, (index + 1) * n));
    },
    part: { sums: [products, norms], values: [] },
  };
}

function signCounts({ mixing }: TaskOf<"signCounts">, { sources }: Piece, panel: Panel): Work {
  const numRows = mixing?.numOutputs ?? sources.length;
  const positive = new Float64Array(numRows);
  const negative = new Float64Array(numRows);
  return {
    onBlock(block, _index, length) {
      if (mixing !== undefined) mixInPlace(panel, block, mixing.values, numRows, sources.length);
      panel.countSigns(block, length, positive, negative);
    },
    part: { sums: [positive, negative], values: [] },
  };
}

/** Mixed rows take the place of the first rows, which nobody needs any more. */
function mixInPlace(panel: Panel, block: number, mixing: Float64Array, numOutputs: number, numRows: number): void {
  panel.mix(block, mixing, numOutputs, numRows);
  for (let i = 0; i < numOutputs; i++) panel.row(i).set(panel.mixedRow(i), block * BLOCK_LENGTH);
}

function sample({ coordinates }: TaskOf<"sample">, piece: Piece, panel: Panel): Work {
  const { sources, firstBlock } = piece;
  const width = coordinates.length;
  const values = new Float32Array(sources.length * width);
  let taken = 0;
  return {
    onBlock(block, index, length) {
      const start = (firstBlock + index) * BLOCK_LENGTH;
      const here = coordinatesWithin(coordinates, start, start + length);
      for (let i = 0; i < sources.length; i++) {
        const row = panel.row(i).subarray(block * BLOCK_LENGTH);
        for (const [k, c] of here.entries()) values[i * width + taken + k] = row[c - start] as number;
      }
      taken += here.length;
    },
    part: { sums: [], values: [values] },
  };
}

function sumOfSquaresOfRow(panel: Panel): Work {
  const sum = new Float64Array(1);
  return {
    onBlock(block, _index, length) {
      const start = block * BLOCK_LENGTH;
      sum[0] = sumOfSquares(panel.row(0).subarray(start, start + length), sum[0]);
    },
    // the sum tells
    mayBeInfinite: () => false,
    part: { sums: [sum], values: [] },
  };
}

/** Coordinates of the piece. */
function lengthOf({ firstBlock, numBlocks, numCoordinates }: Piece): number {
  return Math.min(numBlocks * BLOCK_LENGTH, numCoordinates - firstBlock * BLOCK_LENGTH);
}

function blockOf(values: Float32Array, block: number, length: number): Float32Array {
  return values.subarray(block * BLOCK_LENGTH, block * BLOCK_LENGTH + length);
}
