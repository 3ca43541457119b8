import { columnMedian, columnTrimmedMean } from "../../core/vector/kernels/column.ts";
import type { ColumnKernel } from "../../core/vector/kernels/kernels.ts";
import { BLOCK_LENGTH, type Block, newBlock, rowOf, TILE_LENGTH } from "../../core/vector/kernels/layout.ts";
import { weightedSum } from "../../core/vector/kernels/weighted-sum.ts";
import { updateWeights } from "./mixing.ts";
import { blocksOf, pause, type RowSource, type Rows } from "./rows.ts";
import type { Mixing } from "./rule.ts";

/** sum_i coefficients[i] * row i, rounded once to float32. Rows of coefficient 0 are not read. */
export async function sumOfRows(rows: Rows, coefficients: Float64Array): Promise<Float32Array> {
  const values = new Float32Array(rows.numCoordinates);
  const taken = [...coefficients.keys()].filter((i) => coefficients[i] !== 0);
  const sources = taken.map((i) => rows.sources[i] as RowSource);
  const weights = Float64Array.from(taken, (i) => coefficients[i] as number);
  const sums = new Float64Array(BLOCK_LENGTH);
  for await (const { start, length, block } of blocksOf({ ...rows, sources })) {
    weightedSum(block, weights, sums);
    values.set(sums.subarray(0, length), start);
  }
  return values;
}

/** The column kernel over the rows, mixed first where there is a mixing. */
export async function byColumn(rows: Rows, mixing: Mixing | undefined, column: ColumnKernel): Promise<Float32Array> {
  const values = new Float32Array(rows.numCoordinates);
  const numRows = mixing?.numOutputs ?? rows.sources.length;
  const mix = mixing && mixer(mixing, rows.signal);
  for await (const { start, length, block } of blocksOf(rows)) {
    const columns = mix === undefined ? block : await mix(block);
    for (let tile = 0; tile < length; tile += TILE_LENGTH) {
      const into = values.subarray(start + tile, start + Math.min(tile + TILE_LENGTH, length));
      overColumns(column, columns.subarray(tile), numRows, into);
      await pause(rows.signal);
    }
  }
  return values;
}

function overColumns(column: ColumnKernel, tile: Block, numRows: number, into: Float32Array): void {
  switch (column.kernel) {
    case "median":
      columnMedian(tile, numRows, into);
      break;
    case "trimmedMean":
      columnTrimmedMean(tile, numRows, column.trim, into);
      break;
  }
}

/** Mixes block after block into the same memory, rounding once to float32. */
function mixer(mixing: Mixing, signal: AbortSignal | undefined): (block: Block) => Promise<Block> {
  const mixed = newBlock(mixing.numOutputs);
  const sums = new Float64Array(BLOCK_LENGTH);
  return async (block) => {
    for (let i = 0; i < mixing.numOutputs; i++) {
      weightedSum(block, updateWeights(mixing, i), sums);
      rowOf(mixed, i).set(sums);
      await pause(signal);
    }
    return mixed;
  };
}
