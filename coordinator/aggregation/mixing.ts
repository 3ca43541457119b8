import type { Mixing } from "./rule.ts";

/** The mixing with a row of its own for every reference, which passes by unchanged. */
export function withReferences({ numOutputs, numRows, values }: Mixing, numReferences: number): Mixing {
  const extended = new Float64Array((numOutputs + numReferences) * numRows);
  extended.set(values);
  for (let k = 0; k < numReferences; k++) {
    extended[(numOutputs + k) * numRows + (numRows - numReferences + k)] = 1;
  }
  return { numOutputs: numOutputs + numReferences, numRows, values: extended };
}

/** The mixing that does `inner` first and `outer` to its outputs: their matrix product, with the origin kept. */
export function composed(outer: Mixing, inner: Mixing): Mixing {
  const values = new Float64Array(outer.numOutputs * inner.numRows);
  for (let i = 0; i < outer.numOutputs; i++) {
    values.set(throughMixing(withoutOrigin(outer, i), inner), i * inner.numRows + 1);
  }
  return { numOutputs: outer.numOutputs, numRows: inner.numRows, values };
}

/** Coefficients over a mixing's outputs, as coefficients over the rows that it mixes. */
export function throughMixing(coefficients: Float64Array, mixing: Mixing): Float64Array {
  const result = new Float64Array(mixing.numRows - 1);
  for (const [i, coefficient] of coefficients.entries()) {
    if (coefficient === 0) continue;
    const weights = withoutOrigin(mixing, i);
    for (let j = 0; j < result.length; j++) {
      result[j] = (result[j] as number) + coefficient * (weights[j] as number);
    }
  }
  return result;
}

/** The outputs of these rows of the geometry (1, 2, ...) alone. */
export function selectedOutputs({ numRows, values }: Mixing, rows: readonly number[]): Mixing {
  const selected = new Float64Array(rows.length * numRows);
  for (const [i, row] of rows.entries()) selected.set(values.subarray((row - 1) * numRows, row * numRows), i * numRows);
  return { numOutputs: rows.length, numRows, values: selected };
}

/** The factor of each update where the mixing does nothing but scale every update by itself. */
export function scalingFactors({ numOutputs, numRows, values }: Mixing): Float64Array | undefined {
  const factors = new Float64Array(numOutputs);
  for (let i = 0; i < numOutputs; i++) {
    for (let j = 1; j < numRows; j++) {
      const value = values[i * numRows + j] as number;
      if (j === i + 1) factors[i] = value;
      else if (value !== 0) return undefined;
    }
  }
  return factors;
}

/** Row i of the mixing matrix without the origin, which adds nothing to a sum. */
function withoutOrigin({ numRows, values }: Mixing, i: number): Float64Array {
  return values.subarray(i * numRows + 1, (i + 1) * numRows);
}
