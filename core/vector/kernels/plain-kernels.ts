import { columns } from "./column.ts";
import type { Kernels, Panel, PanelSize } from "./kernels.ts";
import { BLOCK_LENGTH } from "./layout.ts";
import { innerProduct, squaredDistance } from "./pairwise.ts";
import { squaredNormOfSums, weightedSum } from "./weighted-sum.ts";

/** The kernels as their definitions read, in TypeScript: slow, and the oracle of every other implementation. */
export const plainKernels: Kernels = { name: "plain", panel: plainPanel };

function plainPanel(size: PanelSize): Panel {
  const rows = vectors(size.numRows, size.numBlocks * BLOCK_LENGTH);
  const mixed = vectors(size.numMixed, BLOCK_LENGTH);
  const sums = new Float64Array(BLOCK_LENGTH);

  function rowsOf(block: number, numRows: number): Float32Array[] {
    return rows.slice(0, numRows).map((row) => row.subarray(block * BLOCK_LENGTH, (block + 1) * BLOCK_LENGTH));
  }

  function sumOf(block: number, coefficients: Float64Array): Float64Array {
    weightedSum(rowsOf(block, coefficients.length), coefficients, sums);
    return sums;
  }

  return {
    ...size,
    row: (index) => at(rows, index),
    mixedRow: (index) => at(mixed, index),
    isFinite: (block, numRows) => rowsOf(block, numRows).every((row) => row.every(Number.isFinite)),
    pairs(block, numRows, firstRow, path, { squaredDistances, ...into }) {
      const ofBlock = rowsOf(block, numRows);
      for (let j = firstRow; j < numRows; j++) {
        const b = at(ofBlock, j);
        for (const [i, a] of ofBlock.slice(0, j + 1).entries()) {
          squaredDistances[i * numRows + j] = squaredDistance(a, b, path);
          if ("innerProducts" in into) into.innerProducts[i * numRows + j] = innerProduct(a, b, path);
        }
        if ("squaredNorms" in into) into.squaredNorms[j] = innerProduct(b, b, path);
      }
    },
    squaredNorms: (block, into) => into.set(rowsOf(block, into.length).map((row) => innerProduct(row, row, "exact"))),
    weightedSum: (block, coefficients, into) => into.set(sumOf(block, coefficients).subarray(0, into.length)),
    squaredNormOfSum: (block, coefficients) => squaredNormOfSums(sumOf(block, coefficients)),
    mix(block, mixing, numOutputs, numRows) {
      for (const [i, row] of mixed.slice(0, numOutputs).entries()) {
        row.set(sumOf(block, mixing.subarray(i * numRows, (i + 1) * numRows)));
      }
    },
    columns(source, numRows, kernel, into, outside) {
      columns(source === "mixed" ? mixed.slice(0, numRows) : rowsOf(source.block, numRows), kernel, into, outside);
    },
    innerProductsWith(block, vector, into) {
      const padded = new Float32Array(BLOCK_LENGTH);
      padded.set(vector);
      into.set(rowsOf(block, into.length).map((row) => innerProduct(row, padded, "exact")));
    },
    countSigns(block, length, positive, negative) {
      for (const [i, row] of rowsOf(block, positive.length).entries()) {
        const values = row.subarray(0, length);
        positive[i] = (positive[i] as number) + values.reduce((count, value) => count + Number(value > 0), 0);
        negative[i] = (negative[i] as number) + values.reduce((count, value) => count + Number(value < 0), 0);
      }
    },
  };
}

function vectors(count: number, length: number): Float32Array[] {
  return Array.from({ length: count }, () => new Float32Array(length));
}

function at(vectors: readonly Float32Array[], index: number): Float32Array {
  const vector = vectors[index];
  if (vector === undefined) throw new RangeError(`the panel has no row ${index}`);
  return vector;
}
