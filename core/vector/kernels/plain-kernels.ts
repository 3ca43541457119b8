import { columns } from "./column.ts";
import type { ColumnSource, Kernels, Panel, PanelSize } from "./kernels.ts";
import { BLOCK_LENGTH, TILE_LENGTH } from "./layout.ts";
import { innerProduct, squaredDistance } from "./pairwise.ts";
import { squaredNormOfSums, weightedSum } from "./weighted-sum.ts";

/** The kernels as their definitions read, in TypeScript: slow, and the oracle of every other implementation. */
export const plainKernels: Kernels = { name: "plain", panel: plainPanel, inPlace: () => undefined };

function plainPanel(size: PanelSize): Panel {
  const rows = vectors(size.numRows, size.numBlocks * BLOCK_LENGTH);
  const mixed = vectors(size.numMixed, TILE_LENGTH);

  function parts(start: number, length: number, numRows: number): Float32Array[] {
    return rows.slice(0, numRows).map((row) => row.subarray(start, start + length));
  }

  function partsOf(source: ColumnSource, length: number, numRows: number): Float32Array[] {
    if (source === "mixed") return mixed.slice(0, numRows).map((row) => row.subarray(0, length));
    return parts(source.start, length, numRows);
  }

  function sumOf(start: number, length: number, coefficients: Float64Array): Float64Array {
    const sums = new Float64Array(length);
    weightedSum(parts(start, length, coefficients.length), coefficients, sums);
    return sums;
  }

  return {
    ...size,
    row: (index) => at(rows, index),
    mixedRow: (index) => at(mixed, index),
    isFinite: (start, length, numRows) => parts(start, length, numRows).every((row) => row.every(Number.isFinite)),
    pairs(start, numRows, firstRow, path, { squaredDistances, ...into }) {
      const ofBlock = parts(start, BLOCK_LENGTH, numRows);
      for (let j = firstRow; j < numRows; j++) {
        const b = at(ofBlock, j);
        for (const [i, a] of ofBlock.slice(0, j + 1).entries()) {
          squaredDistances[i * numRows + j] = squaredDistance(a, b, path);
          if ("innerProducts" in into) into.innerProducts[i * numRows + j] = innerProduct(a, b, path);
        }
        if ("squaredNorms" in into) into.squaredNorms[j] = innerProduct(b, b, path);
      }
    },
    squaredNorms(start, path, into) {
      into.set(parts(start, BLOCK_LENGTH, into.length).map((row) => innerProduct(row, row, path)));
    },
    weightedSum: (start, coefficients, into) => into.set(sumOf(start, into.length, coefficients)),
    squaredNormOfSum: (start, coefficients) => squaredNormOfSums(sumOf(start, BLOCK_LENGTH, coefficients)),
    mix(start, length, mixing, numOutputs, numRows) {
      for (const [i, row] of mixed.slice(0, numOutputs).entries()) {
        row.set(sumOf(start, length, mixing.subarray(i * numRows, (i + 1) * numRows)));
      }
    },
    columns(source, numRows, kernel, into, outside) {
      columns(partsOf(source, into.length, numRows), kernel, into, outside);
    },
    innerProductsWith(start, vector, into) {
      const padded = new Float32Array(BLOCK_LENGTH);
      padded.set(vector);
      into.set(parts(start, BLOCK_LENGTH, into.length).map((row) => innerProduct(row, padded, "exact")));
    },
    countSigns(source, length, positive, negative) {
      for (const [i, row] of partsOf(source, length, positive.length).entries()) {
        positive[i] = (positive[i] as number) + row.reduce((count, value) => count + Number(value > 0), 0);
        negative[i] = (negative[i] as number) + row.reduce((count, value) => count + Number(value < 0), 0);
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
